import Documents
import Foundation
import Hashing
import Media
import ServiceSupport
import TestSupport
import Testing

/// Large tars are taken apart while they are received.
@Suite struct LargeUploadTests {
    /// Bytes that cannot be compressed.
    private static let extra: [UInt8] = {
        var state: UInt32 = 1
        return (0..<(5 << 20)).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 24)
        }
    }()

    private static func archive(_ format: ArchiveFormat = .tar) throws -> Data {
        try Samples.archive(Samples.unet("oblong") + [("vqvae/weights.bin", extra)], format)
    }

    /// The names of the files of a checkpoint, which are all that is kept.
    private static func digests(_ checkpoint: JSON) -> [String] {
        (checkpoint["files"]?.elements ?? []).compactMap { $0["sha256"]?.text }.sorted()
    }

    private static func stored(_ world: World) throws -> [String] {
        try world.filesLeft().map { String($0.split(separator: "/").last ?? "") }.sorted()
    }

    private static func head(_ world: World, _ field: String) throws -> String {
        "POST /v1/checkpoints HTTP/1.1\r\nHost: localhost:\(try world.port)\r\n\(field)\r\n\r\n"
    }

    @Test(arguments: [ArchiveFormat.tar, .tarGz, .zip]) func everyFormatGivesTheSameFiles(format: ArchiveFormat) async throws {
        try await World.with { world in
            let answer = try await world.send("POST", "/v1/checkpoints", body: Self.archive(format))
            #expect(answer.status == 201, "\(answer.detail)")
            let files = answer.json["files"]?.elements ?? []
            let extra = files.first { $0["path"] == "vqvae/weights.bin" }
            #expect(extra?["sha256"]?.text == MessageDigest.sha256(Self.extra).map { String(format: "%02x", $0) }.joined())
            #expect(try Self.stored(world) == Self.digests(answer.json))
            let id = try #require(answer.json["id"]?.text)
            let weights = try await world.get("/v1/checkpoints/\(id)/files/unet/diffusion_pytorch_model.safetensors")
            #expect(try Array(weights.data) == Samples.bytes("unet/oblong/weights.safetensors"))
        }
    }

    @Test func aChunkedOneNeedsNoLength() async throws {
        try await World.with(isBlocking: true) { world in
            let client = try world.socket()
            client.send(try Self.head(world, "Transfer-Encoding: chunked"))
            let archive = try Self.archive()
            for start in stride(from: 0, to: archive.count, by: 100_000) {
                let piece = archive[start..<min(archive.count, start + 100_000)]
                client.send("\(String(piece.count, radix: 16))\r\n")
                client.send(Array(piece) + Array("\r\n".utf8))
            }
            client.send("0\r\n\r\n")
            #expect(client.receive(until: "\r\n\r\n").status == 201)
        }
    }

    @Test func theSameUnderOneKeyIsStoredOnce() async throws {
        try await World.with { world in
            let archive = try Self.archive()
            let headers = ["Idempotency-Key": "k"]
            let first = try await world.send("POST", "/v1/checkpoints", body: archive, headers: headers)
            #expect(first.status == 201)
            let again = try await world.send("POST", "/v1/checkpoints", body: archive, headers: headers)
            #expect(again.data == first.data)
            #expect(again.headers["idempotent-replayed"] == "true")
            // What differs stands behind the archive's end.
            let other = try await world.send("POST", "/v1/checkpoints", body: archive + Data([1]), headers: headers)
            #expect(other.code == "idempotency_key_reused")
            #expect(try Self.stored(world) == Self.digests(first.json))
        }
    }

    @Test func whatIsNotWhatWasAnnouncedLeavesNothing() async throws {
        try await World.with { world in
            let digest = "sha-256=:\(Data(MessageDigest.sha256(Self.extra)).base64EncodedString()):"
            let answer = try await world.send("POST", "/v1/checkpoints", body: Self.archive(), headers: ["Content-Digest": digest])
            #expect(answer.code == "digest_mismatch")
            #expect(try world.filesLeft() == [])
        }
    }

    @Test(arguments: ["symlink.tar", "duplicate.tar", "parent.tar"]) func whatIsRefusedInItLeavesNothing(name: String) async throws {
        try await World.with { world in
            let archive = Data(try Fixture.bytes("archives/\(name)") + Self.extra)
            let answer = try await world.send("POST", "/v1/checkpoints", body: archive)
            #expect(answer.status == 422)
            let small = try await world.send("POST", "/v1/checkpoints", body: Data(Fixture.bytes("archives/\(name)")))
            #expect(answer.data == small.data)
            #expect(try world.filesLeft() == [])
        }
    }

    @Test func aCutLeavesNothing() async throws {
        try await World.with(isBlocking: true) { world in
            let archive = try Self.archive()
            let client = try world.socket()
            client.send(try Self.head(world, "Content-Length: \(archive.count)"))
            client.send(Array(archive.dropLast(1000)))
            client.finishSending()
            #expect(client.receive(until: "\r\n\r\n").status == 400)
            #expect(try world.filesLeft() == [])
        }
    }

    @Test func slowOnesDoNotHoldOthersUp() async throws {
        try await World.with(isBlocking: true) { world in
            let archive = try Self.archive()
            let slow = try (0..<8).map { _ in
                let client = try world.socket()
                client.send(try Self.head(world, "Content-Length: \(archive.count)"))
                client.send(Array(archive.prefix(2 << 20)))
                return client
            }
            let answer = try await world.send("POST", "/v1/checkpoints", body: archive)
            #expect(answer.status == 201)
            for client in slow {
                client.finishSending()
                #expect(client.receive(until: "\r\n\r\n").status == 400)
            }
            #expect(try Self.stored(world) == Self.digests(answer.json))
        }
    }
}
