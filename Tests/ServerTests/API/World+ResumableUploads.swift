import Foundation
import ServiceSupport
import Testing

/// Uploads by the tus protocol.
extension World {
    /// What every piece of an upload says of itself.
    static let piece = ["Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"]

    /// Asks for an upload.
    func beginUpload(length: Int, _ headers: [String: String] = [:], body: Data? = nil) async throws -> World.Answer {
        let all = Self.piece.merging(["Upload-Length": "\(length)"]) { $1 }.merging(headers) { $1 }
        return try await send("POST", "/v1/uploads", body: body, headers: all)
    }

    /// Sends a piece.
    func append(_ path: String, at offset: Int, _ bytes: some Sequence<UInt8>, _ headers: [String: String] = [:])
        async throws -> World.Answer
    {
        let all = Self.piece.merging(["Upload-Offset": "\(offset)"]) { $1 }.merging(headers) { $1 }
        return try await send("PATCH", path, body: Data(bytes), headers: all)
    }

    /// Asks how far it has come.
    func head(_ path: String) async throws -> World.Answer {
        try await send("HEAD", path, headers: ["Tus-Resumable": "1.0.0"])
    }

    /// Begins an upload and returns its path.
    func begun(length: Int) async throws -> String {
        let answer = try await beginUpload(length: length)
        try #require(answer.status == 201, "\(answer.detail)")
        return try client.location(answer)
    }
}
