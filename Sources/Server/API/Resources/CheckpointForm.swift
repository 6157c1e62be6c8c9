import HTTP
import Jobs
import Storage

/// A checkpoint sent as `multipart/form-data`, its parts stored as they come.
struct CheckpointForm {
    /// By the paths that an archive would have.
    private(set) var files: [(path: String, blob: StoredBlob)] = []
    private(set) var name: String?

    private static let paths = [
        "config": "config.json", "weights": "diffusion_pytorch_model.safetensors", "scheduler": "scheduler_config.json",
    ]

    /// Tells one form from another, whatever its boundary.
    var fingerprint: String {
        files.map { "\($0.path) \($0.blob.digest.hex)" }.sorted().joined(separator: "\n") + (name.map { "\nname \($0)" } ?? "")
    }

    /// Reads a whole form.
    ///
    /// - Throws: ``APIError`` 422 `invalid_form` for a part that is not known or came before.
    init(_ body: RequestBody, type: String?, blobs: BlobStore) async throws {
        let reader = try MultipartReader(body, contentType: type)
        var sent: Set<String> = []
        while let part = try await reader.nextPart() {
            if part.name == "name" {
                name = try GivenName.checked(String(decoding: try await part.body.collect(limit: 256), as: UTF8.self))
                continue
            }
            guard let path = Self.paths[part.name], sent.insert(part.name).inserted else {
                throw APIError(
                    .unprocessableContent, "invalid_form",
                    "the part \"\(part.name.prefix(100))\" is not known or sent twice; a checkpoint is sent as config, weights, scheduler and name"
                )
            }
            let writer = try blobs.writer()
            var (hasBegun, isText) = (false, false)
            while let chunk = try await part.body.next() {
                // The DDIM code's YAML begins with a word or a comment; whatever else is no JSON is told as such.
                if let first = chunk.first(where: { !ASCII.isBlank($0) }), part.name == "config", !hasBegun {
                    isText = (0x61...0x7A).contains(first | 0x20) || "#%-\"'_".utf8.contains(first)
                    hasBegun = true
                }
                try writer.write(chunk)
            }
            files.append((isText ? "config.yml" : path, try writer.finish()))
        }
    }
}
