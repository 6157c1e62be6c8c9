import Documents
import Foundation
import HTTP
import Jobs
import Storage

/// Takes request bodies to disk as they come, in memory that does not grow with them.
struct Uploads: Sendable {
    let database: Database
    /// The largest body, in bytes.
    let limit: Int64
    /// For bodies that are taken apart as they come: each has a thread that waits for its client.
    let unpackers = Slots(4)

    /// A whole body on the disk; gone with this value.
    struct Received {
        let file: TemporaryFile
        /// Its SHA-256; empty where nobody asked for it.
        let digest: String
    }

    /// What something is to be made of: the body itself, or the finished upload that it names.
    struct Source {
        let path: String
        /// What the body calls it, beside the upload.
        let name: String?
        let upload: HeldUpload?
        /// Keeps the file at `path` for as long as this value lives.
        private let file: TemporaryFile

        init(_ received: Received, name: String? = nil, upload: HeldUpload? = nil) {
            path = upload?.path ?? received.file.url.path
            self.name = name
            self.upload = upload
            file = received.file
        }
    }

    /// Larger bodies are not looked at as JSON.
    private static let largestReference: Int64 = 64 << 10

    /// The whole body, which ``API/uploadBody(_:isRepeated:)`` let in.
    func receive(_ body: RequestBody, hashing: Bool) async throws -> Received {
        let file = try database.blobs.temporaryFile(hashing: hashing)
        while let chunk = try await body.next() { try file.write(chunk) }
        try file.flush()
        return Received(file: file, digest: hashing ? file.digest.hex : "")
    }

    /// Follows `{"upload":"upl_…","name":"…"}`; any other body is itself what was sent.
    ///
    /// - Throws: ``APIError`` 422 when there is no such upload, or when it is not complete.
    func source(_ received: Received, type: String?) throws -> Source {
        let isJSON = type?.lowercased().hasPrefix("application/json") ?? false
        guard received.file.size <= Self.largestReference else { return Source(received) }
        let bytes = Array(try Data(contentsOf: received.file.url))
        guard isJSON || bytes.first(where: { !ASCII.isBlank($0) }) == UInt8(ascii: "{") else { return Source(received) }
        let body: JSON
        do { body = try JSON(parsing: bytes) } catch {
            // The name of a tar's first file may begin with a brace.
            guard isJSON else { return Source(received) }
            throw APIError(.badRequest, "invalid_json", "the body is not JSON: \(error)")
        }
        var reader = ObjectReader(body)
        let id = reader.requiredText("upload")
        let name = reader.name("name")
        let errors = reader.finish()
        guard errors.isEmpty else { throw APIError.invalid(errors) }
        do throws(StorageError) {
            return Source(received, name: name, upload: try database.uploads.take(id))
        } catch {
            switch error {
            case .notFound: throw APIError.invalid("/upload", "there is no upload \(id.prefix(200))")
            case .uploadIncomplete(_, let offset, let length):
                throw APIError.invalid("/upload", "is not complete: \(offset) of \(length) bytes have come")
            default: throw error
            }
        }
    }
}
