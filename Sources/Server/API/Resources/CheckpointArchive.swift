import Files
import Foundation
import HTTP
import HTTPTypes
import Hashing
import Jobs
import Media
import Storage

/// `/v1/checkpoints/{id}/content`.
extension API {
    /// The whole pipeline folder as one archive.
    func archive(_ request: Request) async throws -> Response {
        let record = try database.checkpoints.get(request.parameter("id"))
        guard let format = ArchiveFormat(rawValue: request.query("format") ?? "tar") else {
            throw APIError(.badRequest, "invalid_format", "format must be tar, tar.gz or zip")
        }
        guard let layout = CheckpointLayout(rawValue: request.query("layout") ?? CheckpointLayout.diffusers.rawValue) else {
            throw APIError(.badRequest, "invalid_layout", "layout must be diffusers or onnx")
        }
        let type = [ArchiveFormat.tar: "application/x-tar", .tarGz: "application/gzip", .zip: "application/zip"][format]
        // The same files in the same order, layout and format are the same bytes: what they are digests them all.
        var digest = MessageDigest(.sha256)
        digest.update("\(layout == .diffusers ? "" : layout.rawValue + " ")\(format.rawValue) \(Program.version)".utf8)
        for file in record.files { digest.update("\n\(file.path) \(file.digest.hex)".utf8) }
        return try Representation(
            tag: digest.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(),
            parts: try await parts(of: record, in: layout, as: format),
            fields: [
                .contentType: type ?? "application/octet-stream",
                .contentDisposition:
                    "attachment; filename=\"\(record.id)\(layout == .diffusers ? "" : "-" + layout.rawValue).\(format.rawValue)\"",
            ]
        ).response(to: request)
    }

    /// A tar's files go out as they are stored. The other formats are written out first: the length is known, the connection reads at its
    /// own pace, and an error is still an error.
    private func parts(
        of record: CheckpointRecord, in layout: CheckpointLayout, as format: ArchiveFormat
    ) async throws -> [ResponseBody.Part] {
        let items = try await items(of: record, in: layout)
        if format == .tar {
            return try ArchiveWriter(items).tarParts().map { part in
                switch part {
                case .bytes(let bytes): .bytes(bytes)
                case .file(let file, let offset, let length): .file(file, offset: offset, length: length)
                }
            }
        }
        let share = try await memory.admitted(for: "the archive")
        defer { withExtendedLifetime(share) {} }
        let file = try database.blobs.temporaryFile()
        try await BackgroundExecutor.run {
            try ArchiveWriter(items).write(as: format) { try file.write($0) }
            try file.flush()
        }
        let open = try OpenFile(file.url)
        return [.file(open, offset: 0, length: open.size)]
    }

    /// The files of the archive.
    private func items(of record: CheckpointRecord, in layout: CheckpointLayout) async throws -> [ArchiveItem] {
        switch layout {
        case .diffusers:
            return record.files.map { file in
                ArchiveItem(path: file.path, size: file.size) { [blobs = database.blobs] in
                    try OpenFile(blobs, file.digest, of: .checkpoint, record.id, file: file.path)
                }
            }
        case .onnx:
            let share = try await memory.admitted(for: "the models")
            defer { withExtendedLifetime(share) {} }
            return try await BackgroundExecutor.run {
                let export = OnnxExport(try StoredCheckpoint(database, record.id))
                return try memory.work(export.cost, for: "the models") { try export.items() }
            }
        }
    }
}
