import Foundation
import Hashing
import ServiceSupport
import Testing

/// A body that comes with its digest (RFC 9530) is taken where it is the one announced.
@Suite struct BodyDigestTests {
    @Test(arguments: [
        ("/v1/datasets", "Content-Digest"), ("/v1/datasets", "Repr-Digest"), ("/v1/checkpoints", "Content-Digest"),
        ("/v1/checkpoints", "Repr-Digest"), ("/v1/jobs", "Content-Digest"),
    ])
    func aBodyThatIsNotTheOneAnnouncedIsRefused(path: String, field: String) async throws {
        try await World.with { world in
            let body = try path == "/v1/datasets" ? Samples.pictures(1) : Samples.archive(Samples.unet())
            func value(_ bytes: Data) -> String { "sha-512=:AAAA:, sha-256=:\(Data(MessageDigest.sha256(bytes)).base64EncodedString()):" }
            let wrong = try await world.send("POST", path, body: body, headers: [field: value(Data("else".utf8))])
            #expect(wrong.status == 400)
            #expect(wrong.code == "digest_mismatch")
            #expect(try world.filesLeft().isEmpty)
            guard path != "/v1/jobs" else { return }
            #expect(try await world.send("POST", path, body: body, headers: [field: value(body)]).status == 201)
        }
    }

    @Test(arguments: ["sha-256", "sha-256=", "sha-256=abc", "sha-256=:YWJj:", "sha-256=:*:", "sha-256=::"])
    func aDigestThatIsNoneIsRefused(value: String) async throws {
        try await World.with { world in
            let answer = try await world.send("POST", "/v1/datasets", body: Samples.pictures(1), headers: ["Content-Digest": value])
            #expect(answer.status == 400)
            #expect(answer.code == "invalid_digest")
        }
    }
}
