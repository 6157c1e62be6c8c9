import Documents
import Foundation
import HTTP
import Jobs

/// Sends a local archive or folder to a server: a small one in one request, a larger one by tus, which goes
/// on after a cut.
package struct InputUpload {
    let client: ServiceClient
    let screen: Screen
    private let largeSize: Int64

    /// - Parameter largeSize: bytes from which on a cut would cost more than a second request does.
    package init(client: ServiceClient, screen: Screen, largeSize: Int64 = 16 << 20) {
        self.client = client
        self.screen = screen
        self.largeSize = largeSize
    }

    /// What is sent with its kind.
    package enum Kind: String {
        case checkpoint, dataset, extractor, statistics

        /// How identifiers of this kind begin.
        var prefix: String {
            switch self {
            case .checkpoint: "ckpt_"
            case .dataset: "data_"
            case .extractor: "extr_"
            case .statistics: "stat_"
            }
        }

        fileprivate var path: String { self == .statistics ? "/v1/statistics" : "/v1/\(rawValue)s" }
    }

    /// The identifier of `text`: itself, or what the server makes of the file or folder of that name.
    ///
    /// - Parameter queries: what is said beside the files, by the names of the API's parameters.
    package func identifier(_ kind: Kind, _ text: String, _ queries: [(name: String, value: String)] = []) throws -> String {
        if text.hasPrefix(kind.prefix), !FileManager.default.fileExists(atPath: text) { return text }
        let files = try LocalFiles(path: text, isCheckpoint: kind == .checkpoint)
        do {
            let made = files.size < largeSize ? try sendWhole(kind, files, queries) : try sendResumably(kind, files, queries)
            screen.clear()
            guard let id = made["id"]?.word else { throw CommandFailure(.unavailable, "the server's answer names no \(kind.rawValue)") }
            screen.note("\(text) is \(id)")
            screen.warn(of: made, text)
            return id
        } catch let error as CommandFailure where error.status == .data {
            throw CommandFailure(.data, "\(text): \(error.description)")
        }
    }

    private typealias Queries = [(name: String, value: String)]

    private func sendWhole(_ kind: Kind, _ files: LocalFiles, _ queries: Queries) throws -> JSON {
        let fields = [("Content-Type", "application/octet-stream"), ServiceClient.newKey()]
        let answer = try client.send(attempts: ServiceClient.attempts) {
            ClientRequest("POST", path(kind, files, queries), fields: fields, body: try body(files, from: 0))
        }
        return try JSON(parsing: answer.body)
    }

    /// tus 1.0.0: creation, then PATCH, and again from where the server says it stands.
    private func sendResumably(_ kind: Kind, _ files: LocalFiles, _ queries: Queries) throws -> JSON {
        let fields = [Self.tus, ("Upload-Length", String(files.size)), ServiceClient.newKey()]
        let created = try client.send(attempts: ServiceClient.attempts) { ClientRequest("POST", "/v1/uploads", fields: fields) }
        guard let id = try JSON(parsing: created.body)["id"]?.word, id.hasPrefix("upl_") else {
            throw CommandFailure(.unavailable, "the server's answer names no upload")
        }
        let upload = "/v1/uploads/\(ServiceClient.escaped(id))"
        var hasBegun = false
        try client.again(ServiceClient.attempts) {
            // After a cut only the server knows how much has come.
            let offset = hasBegun ? try offset(of: upload) : 0
            hasBegun = true
            guard offset < files.size else { return }
            let fields = [Self.tus, ("Upload-Offset", String(offset)), ("Content-Type", "application/offset+octet-stream")]
            _ = try client.stream(ClientRequest("PATCH", upload, fields: fields, body: try body(files, from: offset))) { _, _ in }
        }
        return try client.create(path(kind, files, queries), ["upload": .string(id)])
    }

    private static let tus = ("Tus-Resumable", "1.0.0")

    /// How many bytes have come.
    private func offset(of upload: String) throws -> Int64 {
        let answer = try client.stream(ClientRequest("HEAD", upload, fields: [Self.tus])) { _, _ in }
        guard let offset = answer["Upload-Offset"].flatMap(ASCII.digits) else {
            throw CommandFailure(.unavailable, "the server's answer names no offset")
        }
        return Int64(offset)
    }

    private func path(_ kind: Kind, _ files: LocalFiles, _ queries: Queries) -> String {
        let all = [("name", files.name)] + queries
        return "\(kind.path)?" + all.map { "\($0)=\(ServiceClient.escaped($1))" }.joined(separator: "&")
    }

    /// The files' bytes from `offset` on, shown as they go.
    private func body(_ files: LocalFiles, from offset: Int64) throws -> ClientRequest.Body {
        let reader = try files.reader()
        var rest = try reader.skip(offset)
        var rate = TransferRate(of: files.size)
        rate.pass(offset)
        return .stream(length: files.size - offset) { buffer in
            if rest.isEmpty { rest = try reader.next()?[...] ?? [] }
            let part = rest.prefix(buffer.count)
            buffer.copyBytes(from: part)
            rest = rest.dropFirst(part.count)
            rate.add(Int64(part.count))
            screen.show(rate.progress("uploading"))
            return part.count
        }
    }
}
