import Dashboard
import Documents
import Files
import Foundation
import Hashing
import Storage

/// One file that shows a job as the dashboard does, to keep or to send: it needs neither this server nor any other.
///
/// It has the dashboard's own modules inline, and the data beside them as JSON. Its policy names both by their digests, also in the
/// file itself: there it holds when the file is opened from a disk.
package struct Report: Sendable {
    /// Of which it tells.
    package let job: Job
    /// The data, which the script reads.
    let data: JSON
    /// The grids of samples, by stage.
    let pictures: [(stage: String, file: OpenFile)]

    /// What it is.
    package static let type = "text/html; charset=utf-8"
    /// Bytes of a picture that are written at once; a multiple of 3, so that base64 needs no padding in between.
    private static let chunk = 48 * 1024

    /// Gathers what there is to show.
    package init(of id: String, in database: Database) throws {
        let job = try database.jobs.get(id)
        self.job = job
        data = [
            "job": try job.payload(), "metrics": try MetricsPayload.document(of: id, in: database.jobs, all: false),
            "checkpoint": try Self.found { try database.checkpoints.get(job.checkpoint).payload(database.blobs) },
            "dataset": try job.dataset.flatMap { dataset in try Self.found { try database.datasets.get(dataset).payload(database.blobs) } }
                ?? .null,
            "version": .string(Program.version), "created_at": .string(Timestamp.now().text),
        ]
        pictures = try database.jobs.files(of: id).compactMap { file in
            let stage = file.name.replacing("samples_", with: "").replacing(".png", with: "")
            return ["before", "pruned", "after"].contains(stage) ? (stage, try Self.open(file, of: id, in: database)) : nil
        }
    }

    private static func open(_ file: JobFile, of id: String, in database: Database) throws -> OpenFile {
        try OpenFile(database.blobs, file.digest, of: .file, id, file: file.name)
    }

    /// What a job was made of may be deleted by now.
    private static func found(_ body: () throws -> JSON) throws -> JSON {
        do { return try body() } catch StorageError.notFound { return .null }
    }

    /// Hands the file's bytes to `write`, a piece at a time.
    package func write(_ write: ([UInt8]) async throws -> Void) async throws {
        try await write(Array(head.utf8))
        for (stage, file) in pictures { try await picture(stage, file, write) }
        try await write(Array(tail.utf8))
    }

    private var head: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" content="\(Self.policy)">
        <title>\(Self.escaped(job.name ?? job.id)) · pruner</title>
        <style>\(Self.style)</style>
        </head>
        <body>
        <main>
        <noscript><p>The plots are drawn by the script in this file; the data stands at its end as JSON.</p></noscript>
        <div hidden>

        """
    }

    private func picture(_ stage: String, _ file: OpenFile, _ write: ([UInt8]) async throws -> Void) async throws {
        try await write(Array("<img id=\"samples-\(stage)\" alt=\"Samples: \(stage)\" src=\"data:image/png;base64,".utf8))
        var offset: Int64 = 0
        while offset < file.size {
            let bytes = try file.read(at: offset, count: Self.chunk)
            // Shorter than it was: an answer that breaks off says so.
            guard !bytes.isEmpty else { throw CocoaError(.fileReadCorruptFile) }
            try await write(Array(Data(bytes).base64EncodedData()))
            offset += Int64(bytes.count)
        }
        try await write(Array("\">\n".utf8))
    }

    private var tail: String {
        // A closing tag, or the opening of a comment, in the data must not be one of the file.
        let json = data.compact.replacing("<", with: "\\u003c")
        return """
            </div>
            </main>
            <script type="application/json" id="data">\(json)</script>
            <script type="module">\(Self.script)</script>
            </body>
            </html>

            """
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private static let style = String(decoding: DashboardFile.style.bytes, as: UTF8.self)

    /// The modules as one: an import stands on one line, and what it names has the same name everywhere.
    private static let script: String = DashboardFile.reportScripts.map { file in
        String(decoding: file.bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("import ") }.map { $0.hasPrefix("export ") ? $0.dropFirst(7) : $0 }.joined(separator: "\n")
    }.joined(separator: "\n")

    /// What it may do, in the browser.
    package static let policy = """
        default-src 'none'; script-src '\(digest(script))'; style-src '\(digest(style))'; img-src data:; base-uri 'none'; \
        form-action 'none'
        """

    private static func digest(_ text: String) -> String {
        "sha256-\(Data(MessageDigest.sha256(text.utf8)).base64EncodedString())"
    }
}
