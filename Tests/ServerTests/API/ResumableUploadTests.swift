import Documents
import Foundation
import Hashing
import ServiceSupport
import TestSupport
import Testing

/// Uploads by the tus protocol: what was acknowledged is there, what went wrong is not.
@Suite struct ResumableUploadTests {
    @Test func anUploadInPiecesBecomesACheckpoint() async throws {
        try await World.with { world in
            let archive = try Samples.archive(Samples.unet())
            let path = try await world.begun(length: archive.count)
            let middle = archive.count / 3
            let first = try await world.append(path, at: 0, archive[..<middle])
            #expect(first.status == 204)
            #expect(first.headers["upload-offset"] == "\(middle)")
            try await world.restart()
            let found = try await world.head(path)
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
            #expect(try await world.append(path, at: middle, archive[middle...]).status == 204)

            let answer = try await world.post("/v1/checkpoints", ["upload": .string(String(id)), "name": "pieces"])
            #expect(answer.status == 201, "\(answer.detail)")
            #expect(answer.json["name"] == "pieces")
            let whole = try await world.send("POST", "/v1/checkpoints?name=whole", body: archive)
            #expect(answer.json["files"] == whole.json["files"])
            #expect(try await world.head(path).status == 404)
            // The same bytes are stored once.
            let digests = Set((whole.json["files"]?.elements ?? []).compactMap { $0["sha256"]?.text })
            #expect(try Set(world.filesLeft().map { String($0.split(separator: "/").last ?? "") }) == digests)
        }
    }

    @Test func anUploadBecomesADatasetOnce() async throws {
        try await World.with { world in
            let archive = try Samples.pictures(2)
            let answer = try await world.beginUpload(length: archive.count, body: archive)
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
            let id = try #require(try await world.beginUpload(length: archive.count, body: archive).json["id"])
            #expect(try await world.post("/v1/checkpoints", ["upload": id]).code == "invalid_checkpoint")
            #expect(try await world.post("/v1/datasets", ["upload": id]).status == 201)
        }
    }

    @Test func aCutKeepsWhatCame() async throws {
        try await World.with(isBlocking: true) { world in
            let path = try await world.begun(length: 100_000)
            let client = try world.socket()
            client.send(
                "PATCH \(path) HTTP/1.1\r\nHost: localhost:\(try world.port)\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
                    + "Content-Type: application/offset+octet-stream\r\nContent-Length: 100000\r\n\r\n")
            client.send([UInt8](repeating: 7, count: 40_000))
            client.finishSending()
            #expect(client.receive(until: "\r\n\r\n").status == 400)
            #expect(try await world.head(path).headers["upload-offset"] == "40000")
            #expect(try await world.append(path, at: 40_000, [UInt8](repeating: 8, count: 60_000)).status == 204)
        }
    }

    /// With a checksum or a digest a piece is taken whole or not at all; so is one that begins an upload.
    @Test(arguments: [
        "Upload-Checksum: sha1 \(Data(count: 20).base64EncodedString())",
        "Content-Digest: sha-256=:\(Data(count: 32).base64EncodedString()):",
    ])
    func aCutPieceWithAChecksumLeavesNothing(field: String) async throws {
        try await World.with(isBlocking: true) { world in
            let path = try await world.begun(length: 1000)
            for line in ["PATCH \(path)", "POST /v1/uploads"] {
                let client = try world.socket()
                client.send(
                    "\(line) HTTP/1.1\r\nHost: localhost:\(try world.port)\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nUpload-Length: 1000\r\n"
                        + "Content-Type: application/offset+octet-stream\r\nContent-Length: 1000\r\n\(field)\r\n\r\nabc")
                client.finishSending()
                #expect(client.receive(until: "\r\n\r\n").status == 400)
            }
            #expect(try await world.head(path).headers["upload-offset"] == "0")
            #expect(try world.filesLeft() == ["uploads/" + (path.split(separator: "/").last ?? "")])
        }
    }

    @Test func checksumsAreChecked() async throws {
        try await World.with { world in
            let path = try await world.begun(length: 6)
            let right = [
                "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
                "sha256 " + Data(MessageDigest.sha256("abc".utf8)).base64EncodedString(),
            ]
            for (number, checksum) in right.enumerated() {
                let wrong = try await world.append(path, at: 3 * number, "abd".utf8, ["Upload-Checksum": checksum])
                #expect(wrong.status == 460)
                #expect(wrong.code == "checksum_mismatch")
                #expect(try await world.head(path).headers["upload-offset"] == "\(3 * number)")
                #expect(try await world.append(path, at: 3 * number, "abc".utf8, ["Upload-Checksum": checksum]).status == 204)
            }
        }
    }

    @Test func anUploadIsTerminated() async throws {
        try await World.with { world in
            for override in [false, true] {
                let path = try await world.begun(length: 10)
                var headers = ["Tus-Resumable": "1.0.0"]
                if override { headers["X-HTTP-Method-Override"] = "DELETE" }
                #expect(try await world.send(override ? "POST" : "DELETE", path, headers: headers).status == 204)
                #expect(try await world.head(path).status == 404)
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
            let path = try world.client.location(try await world.beginUpload(length: 1, ["Upload-Metadata": metadata]))
            #expect(try await world.head(path).headers["upload-metadata"] == metadata)
        }
    }

    /// Whoever comes by a proxy reaches it under another name, and perhaps by TLS.
    @Test(arguments: ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"])
    func behindAProxyTheLocationIsAPath(field: String) async throws {
        try await World.with { world in
            let answer = try await world.beginUpload(length: 1, [field: "x"])
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
            let path = try await world.begun(length: 10)
            let older = try opened(world, path, first: "0123")
            let early = try await world.append(path, at: 0, "abc".utf8)
            #expect(early.status == 409)
            #expect(older.receiveAll().isEmpty)
            // What had come is kept.
            #expect(try await world.head(path).headers["upload-offset"] == "4")
            #expect(try await world.append(path, at: 4, "456789".utf8).status == 204)
            let file = world.folder.appendingPathComponent("uploads/\(path.split(separator: "/").last ?? "")")
            #expect(try Data(contentsOf: file) == Data("0123456789".utf8))
        }
    }

    @Test func aTerminationEndsWhoIsWriting() async throws {
        try await World.with(isBlocking: true) { world in
            let path = try await world.begun(length: 10)
            let client = try opened(world, path, first: "0123")
            #expect(try await world.send("DELETE", path, headers: ["Tus-Resumable": "1.0.0"]).status == 204)
            #expect(client.receiveAll().isEmpty)
            #expect(try world.filesLeft().isEmpty)
        }
    }
}
