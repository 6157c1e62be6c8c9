import Documents
import Foundation
import Hashing
import ServiceSupport
import TestSupport
import Testing

/// Uploads by the tus protocol: what was acknowledged is there, what went wrong is not.
@Suite struct ResumableUploadTests {
    private static let piece = ["Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"]

    private func begin(_ world: World, length: Int, _ headers: [String: String] = [:], body: Data? = nil) async throws -> World.Answer {
        let all = Self.piece.merging(["Upload-Length": "\(length)"]) { $1 }.merging(headers) { $1 }
        return try await world.send("POST", "/v1/uploads", body: body, headers: all)
    }

    private func append(_ world: World, _ path: String, at offset: Int, _ bytes: some Sequence<UInt8>, _ headers: [String: String] = [:])
        async throws -> World.Answer
    {
        let all = Self.piece.merging(["Upload-Offset": "\(offset)"]) { $1 }.merging(headers) { $1 }
        return try await world.send("PATCH", path, body: Data(bytes), headers: all)
    }

    private func head(_ world: World, _ path: String) async throws -> World.Answer {
        try await world.send("HEAD", path, headers: ["Tus-Resumable": "1.0.0"])
    }

    /// Begins an upload and returns its path.
    private func begun(_ world: World, length: Int) async throws -> String {
        let answer = try await begin(world, length: length)
        try #require(answer.status == 201, "\(answer.detail)")
        return try world.client.location(answer)
    }

    @Test func anUploadInPiecesBecomesACheckpoint() async throws {
        try await World.with { world in
            let archive = try Samples.archive(Samples.unet())
            let path = try await begun(world, length: archive.count)
            let middle = archive.count / 3
            let first = try await append(world, path, at: 0, archive[..<middle])
            #expect(first.status == 204)
            #expect(first.headers["upload-offset"] == "\(middle)")
            try await world.restart()
            let found = try await head(world, path)
            #expect(found.status == 200)
            #expect(found.headers["upload-offset"] == "\(middle)")
            #expect(found.headers["upload-length"] == "\(archive.count)")
            #expect(found.headers["cache-control"] == "no-store")
            #expect(found.headers["tus-resumable"] == "1.0.0")
            #expect(found.headers["upload-expires"]?.hasSuffix("GMT") == true)
            let id = try #require(path.split(separator: "/").last)
            let early = try await world.post("/v1/checkpoints", ["upload": .string(String(id))])
            #expect(early.status == 422)
            #expect(early.pointers == ["/upload"])
            #expect(try await append(world, path, at: middle, archive[middle...]).status == 204)

            let answer = try await world.post("/v1/checkpoints", ["upload": .string(String(id)), "name": "pieces"])
            #expect(answer.status == 201, "\(answer.detail)")
            #expect(answer.json["name"] == "pieces")
            let whole = try await world.send("POST", "/v1/checkpoints?name=whole", body: archive)
            #expect(answer.json["files"] == whole.json["files"])
            #expect(try await head(world, path).status == 404)
            // The same bytes are stored once.
            let digests = Set((whole.json["files"]?.elements ?? []).compactMap { $0["sha256"]?.text })
            #expect(try Set(world.filesLeft().map { String($0.split(separator: "/").last ?? "") }) == digests)
        }
    }

    @Test func anUploadBecomesADatasetOnce() async throws {
        try await World.with { world in
            let archive = try Samples.pictures(2)
            let answer = try await begin(world, length: archive.count, body: archive)
            #expect(answer.status == 201)
            #expect(answer.headers["upload-offset"] == "\(archive.count)")
            let id = try #require(answer.json["id"])
            let dataset = try await world.post("/v1/datasets?name=n", ["upload": id])
            #expect(dataset.status == 201)
            #expect(dataset.json["images"] == 2)
            let again = try await world.post("/v1/datasets", ["upload": id])
            #expect(again.status == 422)
            #expect(again.pointers == ["/upload"])
        }
    }

    @Test func whatCannotBeMadeIntoAnythingStaysAsItWas() async throws {
        try await World.with { world in
            let archive = try Samples.pictures(1)
            let id = try #require(try await begin(world, length: archive.count, body: archive).json["id"])
            #expect(try await world.post("/v1/checkpoints", ["upload": id]).code == "invalid_checkpoint")
            #expect(try await world.post("/v1/datasets", ["upload": id]).status == 201)
        }
    }

    @Test func aCutKeepsWhatCame() async throws {
        try await World.with(isBlocking: true) { world in
            let path = try await begun(world, length: 100_000)
            let client = try world.socket()
            client.send(
                "PATCH \(path) HTTP/1.1\r\nHost: localhost:\(try world.port)\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
                    + "Content-Type: application/offset+octet-stream\r\nContent-Length: 100000\r\n\r\n")
            client.send([UInt8](repeating: 7, count: 40_000))
            client.finishSending()
            #expect(client.receive(until: "\r\n\r\n").status == 400)
            #expect(try await head(world, path).headers["upload-offset"] == "40000")
            #expect(try await append(world, path, at: 40_000, [UInt8](repeating: 8, count: 60_000)).status == 204)
        }
    }

    /// With a checksum or a digest a piece is taken whole or not at all; so is one that begins an upload.
    @Test(arguments: [
        "Upload-Checksum: sha1 \(Data(count: 20).base64EncodedString())",
        "Content-Digest: sha-256=:\(Data(count: 32).base64EncodedString()):",
    ])
    func aCutPieceWithAChecksumLeavesNothing(field: String) async throws {
        try await World.with(isBlocking: true) { world in
            let path = try await begun(world, length: 1000)
            for line in ["PATCH \(path)", "POST /v1/uploads"] {
                let client = try world.socket()
                client.send(
                    "\(line) HTTP/1.1\r\nHost: localhost:\(try world.port)\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nUpload-Length: 1000\r\n"
                        + "Content-Type: application/offset+octet-stream\r\nContent-Length: 1000\r\n\(field)\r\n\r\nabc")
                client.finishSending()
                #expect(client.receive(until: "\r\n\r\n").status == 400)
            }
            #expect(try await head(world, path).headers["upload-offset"] == "0")
            #expect(try world.filesLeft() == ["uploads/" + (path.split(separator: "/").last ?? "")])
        }
    }

    @Test func checksumsAreChecked() async throws {
        try await World.with { world in
            let path = try await begun(world, length: 6)
            let right = [
                "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
                "sha256 " + Data(MessageDigest.sha256("abc".utf8)).base64EncodedString(),
            ]
            for (number, checksum) in right.enumerated() {
                let wrong = try await append(world, path, at: 3 * number, "abd".utf8, ["Upload-Checksum": checksum])
                #expect(wrong.status == 460)
                #expect(wrong.code == "checksum_mismatch")
                #expect(try await head(world, path).headers["upload-offset"] == "\(3 * number)")
                #expect(try await append(world, path, at: 3 * number, "abc".utf8, ["Upload-Checksum": checksum]).status == 204)
            }
        }
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let method: String
        var path = "/v1/uploads"
        let headers: [String: String]
        var body = ""
        let status: Int
        let code: String
    }

    static let refused = [
        Refused(testDescription: "no version", method: "POST", headers: ["Upload-Length": "3"], status: 412, code: "tus_version"),
        Refused(
            testDescription: "another version", method: "POST", headers: ["Tus-Resumable": "0.2.2", "Upload-Length": "3"], status: 412,
            code: "tus_version"),
        Refused(
            testDescription: "no length", method: "POST", headers: ["Tus-Resumable": "1.0.0"], status: 400, code: "invalid_upload_length"),
        Refused(
            testDescription: "a signed length", method: "POST", headers: ["Tus-Resumable": "1.0.0", "Upload-Length": "+3"], status: 400,
            code: "invalid_upload_length"),
        Refused(
            testDescription: "a length beyond all numbers", method: "POST",
            headers: ["Tus-Resumable": "1.0.0", "Upload-Length": "99999999999999999999"], status: 400, code: "invalid_upload_length"),
        Refused(
            testDescription: "a length beyond the limit", method: "POST", headers: ["Tus-Resumable": "1.0.0", "Upload-Length": "8388609"],
            status: 413, code: "body_too_large"),
        Refused(
            testDescription: "metadata that is not base64", method: "POST",
            headers: ["Tus-Resumable": "1.0.0", "Upload-Length": "3", "Upload-Metadata": "name ?"], status: 400,
            code: "invalid_upload_metadata"),
        Refused(
            testDescription: "metadata with a key twice", method: "POST",
            headers: ["Tus-Resumable": "1.0.0", "Upload-Length": "3", "Upload-Metadata": "a YQ==,a YQ=="], status: 400,
            code: "invalid_upload_metadata"),
        Refused(
            testDescription: "a body of another type", method: "POST",
            headers: ["Tus-Resumable": "1.0.0", "Upload-Length": "3", "Content-Type": "text/plain"], body: "abc", status: 415,
            code: "unsupported_media_type"),
        Refused(
            testDescription: "a body that is too long", method: "POST",
            headers: ["Tus-Resumable": "1.0.0", "Upload-Length": "3", "Content-Type": "application/offset+octet-stream"], body: "abcd",
            status: 413, code: "body_too_large"),
        Refused(
            testDescription: "a piece at another offset", method: "PATCH", path: "",
            headers: piece.merging(["Upload-Offset": "1"]) { $1 }, body: "abc", status: 409, code: "wrong_offset"),
        Refused(
            testDescription: "a piece without an offset", method: "PATCH", path: "", headers: piece, body: "abc", status: 400,
            code: "invalid_upload_offset"),
        Refused(
            testDescription: "a piece that is too long", method: "PATCH", path: "", headers: piece.merging(["Upload-Offset": "0"]) { $1 },
            body: "abcdefghijk", status: 413, code: "body_too_large"),
        Refused(
            testDescription: "a piece of another type", method: "PATCH", path: "",
            headers: ["Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/octet-stream"], body: "abc", status: 415,
            code: "unsupported_media_type"),
        Refused(
            testDescription: "an unknown checksum", method: "PATCH", path: "",
            headers: piece.merging(["Upload-Offset": "0", "Upload-Checksum": "crc32 AAAA"]) { $1 }, body: "abc", status: 400,
            code: "invalid_checksum"),
        Refused(
            testDescription: "a checksum that is no base64", method: "PATCH", path: "",
            headers: piece.merging(["Upload-Offset": "0", "Upload-Checksum": "sha1 ?"]) { $1 }, body: "abc", status: 400,
            code: "invalid_checksum"),
        Refused(
            testDescription: "a checksum that is too long", method: "PATCH", path: "",
            headers: piece.merging(["Upload-Offset": "0", "Upload-Checksum": "sha1 \(Data(count: 21).base64EncodedString())"]) { $1 },
            body: "abc", status: 460, code: "checksum_mismatch"),
        Refused(
            testDescription: "a checksum that is too short", method: "PATCH", path: "",
            headers: piece.merging(["Upload-Offset": "0", "Upload-Checksum": "sha256 \(Data(count: 20).base64EncodedString())"]) { $1 },
            body: "abc", status: 460, code: "checksum_mismatch"),
        Refused(
            testDescription: "a piece of nothing", method: "PATCH", path: "/v1/uploads/upl_none",
            headers: piece.merging(["Upload-Offset": "0"]) { $1 }, body: "abc", status: 404, code: "not_found"),
        Refused(
            testDescription: "an unknown override", method: "POST", path: "",
            headers: ["Tus-Resumable": "1.0.0", "X-HTTP-Method-Override": "GET"], status: 405, code: "method_not_allowed"),
    ]

    @Test(arguments: refused) func aWrongRequestIsRefused(request: Refused) async throws {
        try await World.with { world in
            let path = try await begun(world, length: 10)
            let files = try world.filesLeft()
            let answer = try await world.send(
                request.method, request.path.isEmpty ? path : request.path, body: Data(request.body.utf8),
                type: request.headers["Content-Type"] ?? "", headers: request.headers)
            #expect(answer.status == request.status)
            #expect(answer.code == request.code)
            #expect(answer.status == 405 || answer.headers["tus-resumable"] == "1.0.0")
            #expect(answer.status != 412 || answer.headers["tus-version"] == "1.0.0")
            // Where to go on, so that the client need not ask.
            #expect(answer.headers["upload-offset"] == (answer.status == 409 ? "0" : nil))
            #expect(try await head(world, path).headers["upload-offset"] == "0")
            #expect(try world.filesLeft() == files)
        }
    }

    @Test func anUploadIsTerminated() async throws {
        try await World.with { world in
            for override in [false, true] {
                let path = try await begun(world, length: 10)
                var headers = ["Tus-Resumable": "1.0.0"]
                if override { headers["X-HTTP-Method-Override"] = "DELETE" }
                #expect(try await world.send(override ? "POST" : "DELETE", path, headers: headers).status == 204)
                #expect(try await head(world, path).status == 404)
            }
            #expect(try world.filesLeft().isEmpty)
        }
    }

    @Test func theServerSaysWhatItCan() async throws {
        try await World.with { world in
            let answer = try await world.send("OPTIONS", "/v1/uploads")
            #expect(answer.status == 200)
            #expect(answer.data.isEmpty)
            #expect(answer.headers["tus-version"] == "1.0.0")
            #expect(answer.headers["tus-max-size"] == "\(8 << 20)")
            #expect(answer.headers["tus-extension"] == "creation,creation-with-upload,expiration,checksum,termination")
            #expect(answer.headers["tus-checksum-algorithm"] == "sha1,sha256")
        }
    }

    @Test func metadataComesBackAsItWas() async throws {
        try await World.with { world in
            let metadata = "filename bW9kZWwudGFy,is_private"
            let path = try world.client.location(try await begin(world, length: 1, ["Upload-Metadata": metadata]))
            #expect(try await head(world, path).headers["upload-metadata"] == metadata)
        }
    }

    /// Whoever comes by a proxy reaches it under another name, and perhaps by TLS.
    @Test(arguments: ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"])
    func behindAProxyTheLocationIsAPath(field: String) async throws {
        try await World.with { world in
            let answer = try await begin(world, length: 1, [field: "x"])
            #expect(answer.headers["location"]?.hasPrefix("/v1/uploads/upl_") == true)
        }
    }

    /// Sends a piece's head and its first bytes.
    private func opened(_ world: World, _ path: String, first: String) throws -> Client {
        let client = try world.socket()
        client.send(
            "PATCH \(path) HTTP/1.1\r\nHost: localhost:\(try world.port)\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
                + "Content-Type: application/offset+octet-stream\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n")
        #expect(client.receive(until: "\r\n\r\n").status == 100)
        client.send(first)
        return client
    }

    /// A client whose connection is lost comes again long before the server can know of it.
    @Test func aNewerPieceTakesOver() async throws {
        try await World.with(isBlocking: true) { world in
            let path = try await begun(world, length: 10)
            let older = try opened(world, path, first: "0123")
            let early = try await append(world, path, at: 0, "abc".utf8)
            #expect(early.status == 409)
            #expect(older.receiveAll().isEmpty)
            // What had come is kept.
            #expect(try await head(world, path).headers["upload-offset"] == "4")
            #expect(try await append(world, path, at: 4, "456789".utf8).status == 204)
            let file = world.folder.appendingPathComponent("uploads/\(path.split(separator: "/").last ?? "")")
            #expect(try Data(contentsOf: file) == Data("0123456789".utf8))
        }
    }

    @Test func aTerminationEndsWhoIsWriting() async throws {
        try await World.with(isBlocking: true) { world in
            let path = try await begun(world, length: 10)
            let client = try opened(world, path, first: "0123")
            #expect(try await world.send("DELETE", path, headers: ["Tus-Resumable": "1.0.0"]).status == 204)
            #expect(client.receiveAll().isEmpty)
            #expect(try world.filesLeft().isEmpty)
        }
    }

    // MARK: - Digests

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
