import Documents
import Foundation
import Server
import ServiceSupport
import Storage
import Synchronization
import TestSupport
import Testing

/// What a token began ends with it.
@Suite struct RevokedTokenTests {
    /// A world with a token, which `revoke` takes back.
    private static func with(_ body: (World, _ authorization: String, _ revoke: () throws -> Void) async throws -> Void) async throws {
        try await World.with(isBlocking: true) { world in
            let door = DataFolderDoor(path: world.folder.path)
            let made = try door.perform(.createToken, ["name": "test", "scope": "write"])
            // There is always another one: without any the service would be open.
            _ = try door.perform(.createToken, ["name": "other", "scope": "read"])
            let id = try #require(made["id"])
            try await body(world, "Bearer \(try #require(made["token"]?.text))") { _ = try door.perform(.revokeToken, ["id": id]) }
        }
    }

    /// Sends a request's head, and waits until the service asks for its body.
    private static func begin(_ world: World, _ authorization: String, _ line: String, _ fields: String, length: Int) throws -> Client {
        let client = try world.socket()
        client.send(
            "\(line) HTTP/1.1\r\nHost: localhost:\(try world.port)\r\nAuthorization: \(authorization)\r\nContent-Length: \(length)\r\n"
                + "\(fields)Expect: 100-continue\r\n\r\n")
        #expect(client.receive(until: "\r\n\r\n").status == 100)
        return client
    }

    private static func checkpoint(_ world: World, _ authorization: String, more: Int = 0) async throws -> String {
        let files = try Samples.unet() + (more > 0 ? [("vqvae/weights.bin", [UInt8](repeating: 7, count: more))] : [])
        let answer = try await world.send(
            "POST", "/v1/checkpoints", body: Samples.archive(files), headers: ["Authorization": authorization])
        return try #require(answer.json["id"]?.text, "\(answer.detail)")
    }

    @Test func aStreamOfEventsIsCut() async throws {
        try await Self.with { world, authorization, revoke in
            let headers = ["Authorization": authorization]
            let checkpoint = try await Self.checkpoint(world, authorization)
            let dataset = try await world.send("POST", "/v1/datasets", body: Samples.pictures(2), headers: headers)
            let request: JSON = [
                "checkpoint": .string(checkpoint), "dataset": dataset.json["id"] ?? .null, "pruning": .null,
                "finetuning": ["steps": 100_000_000, "batch_size": 1],
            ]
            let made = try await world.send(
                "POST", "/v1/jobs", body: Data(request.compact.utf8), type: "application/json", headers: headers)
            let job = try #require(made.json["id"]?.text, "\(made.detail)")
            let client = try world.socket()
            client.send(
                "GET /v1/jobs/\(job)/events HTTP/1.1\r\nHost: localhost:\(try world.port)\r\nAuthorization: \(authorization)\r\n"
                    + "Accept: text/event-stream\r\n\r\n")
            #expect(client.receive(until: "event: queued").status == 200)
            try revoke()
            // The job goes on, and its stream would. Neither does it end as one whose job has ended.
            #expect(!client.receiveAll().contains("\r\n0\r\n"))
        }
    }

    /// Both of a size that is taken to the disk first, and of one that is taken apart as it comes.
    @Test(arguments: ["/v1/checkpoints", "/v1/datasets"], [0, 6 << 20])
    func anUploadIsAnswered401AndLeavesNothing(path: String, more: Int) async throws {
        try await Self.with { world, authorization, revoke in
            let files = try Samples.unet() + [("vqvae/weights.bin", [UInt8](repeating: 7, count: more))]
            let body = try Samples.archive(files)
            let client = try Self.begin(world, authorization, "POST \(path)", "", length: body.count)
            client.send(Array(body.dropLast(1000)))
            try revoke()
            let answer = client.receive(until: "\r\n\r\n")
            #expect(answer.status == 401)
            #expect(answer.lowercased().contains("www-authenticate: bearer"))
            #expect(try world.filesLeft().isEmpty)
        }
    }

    @Test func aBodyOfJSONIsAnswered401() async throws {
        try await Self.with { world, authorization, revoke in
            let client = try Self.begin(world, authorization, "POST /v1/jobs", "Content-Type: application/json\r\n", length: 100)
            client.send("{")
            try revoke()
            #expect(client.receive(until: "\r\n\r\n").status == 401)
        }
    }

    /// What was acknowledged stays, and no more: with a piece that is cut off by its client what had come would stay too.
    @Test func aPieceOfAnUploadIsAnswered401AndWhatWasCommittedStays() async throws {
        try await Self.with { world, authorization, revoke in
            let piece = ["Authorization": authorization, "Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"]
            let begun = try await world.send("POST", "/v1/uploads", headers: piece.merging(["Upload-Length": "10"]) { $1 })
            let path = try world.client.location(begun)
            let first = try await world.send(
                "PATCH", path, body: Data("012".utf8), headers: piece.merging(["Upload-Offset": "0"]) { $1 })
            #expect(first.status == 204)
            let fields = "Tus-Resumable: 1.0.0\r\nUpload-Offset: 3\r\nContent-Type: application/offset+octet-stream\r\n"
            let client = try Self.begin(world, authorization, "PATCH \(path)", fields, length: 7)
            client.send("345")
            try revoke()
            #expect(client.receive(until: "\r\n\r\n").status == 401)
            let id = try #require(path.split(separator: "/").last)
            let file = world.folder.appendingPathComponent("uploads/\(id)")
            #expect(try Data(contentsOf: file) == Data("012".utf8))
        }
    }

    /// A piece that begins an upload has been told to no one.
    @Test func theFirstPieceLeavesNothing() async throws {
        try await Self.with { world, authorization, revoke in
            let fields = "Tus-Resumable: 1.0.0\r\nUpload-Length: 10\r\nContent-Type: application/offset+octet-stream\r\n"
            let client = try Self.begin(world, authorization, "POST /v1/uploads", fields, length: 10)
            client.send("345")
            try revoke()
            #expect(client.receive(until: "\r\n\r\n").status == 401)
            #expect(try world.filesLeft().isEmpty)
        }
    }

    /// Larger than what the kernel holds for a client that does not read.
    @Test(arguments: ["files/vqvae/weights.bin", "content"])
    func aDownloadIsCut(what: String) async throws {
        let size = 48 << 20
        try await World.with(isBlocking: true, settings: { $0.maxUploadBytes = 64 << 20 }) { world in
            let door = DataFolderDoor(path: world.folder.path)
            let made = try door.perform(.createToken, ["name": "test", "scope": "write"])
            let authorization = "Bearer \(try #require(made["token"]?.text))"
            let checkpoint = try await Self.checkpoint(world, authorization, more: size)
            let client = try world.socket()
            client.send(
                "GET /v1/checkpoints/\(checkpoint)/\(what) HTTP/1.1\r\nHost: localhost:\(try world.port)\r\n"
                    + "Authorization: \(authorization)\r\n\r\n")
            let head = client.receive(until: "\r\n\r\n")
            #expect(head.status == 200)
            _ = try door.perform(.createToken, ["name": "other", "scope": "read"])
            _ = try door.perform(.revokeToken, ["id": try #require(made["id"])])
            var count = head.utf8.count
            while case let more = client.receive(), !more.isEmpty { count += more.count }
            #expect(count < size)
        }
    }

    /// The body had come when the token was revoked.
    @Test func whatIsStoredInTheEndIsNot() throws {
        let folder = try TemporaryFolder()
        let database = try Database(folder: folder.url)
        let (token, _) = try database.tokens.create(name: "a", scope: .write)
        let writer = try database.uploads.begin(length: 1, metadata: "", owner: Owner(token))
        try database.tokens.revoke(token.id)
        #expect(throws: StorageError.tokenRevoked(id: token.id)) { try writer.commit() }
    }

    @Test func whoComesWithATokenThatHasEndedDoesNotEnter() throws {
        let folder = try TemporaryFolder()
        let database = try Database(folder: folder.url)
        let (token, _) = try database.tokens.create(name: "a", scope: .write)
        let isTold = Atomic(false)
        let presence = try database.tokens.enter(token) { isTold.store(true, ordering: .relaxed) }
        // One that has left is not told.
        let hasLeftTold = Atomic(false)
        var other = try database.tokens.enter(token) { hasLeftTold.store(true, ordering: .relaxed) }
        #expect(presence != nil && other != nil)
        other = nil
        try database.tokens.revoke(token.id)
        #expect(isTold.load(ordering: .relaxed) && !hasLeftTold.load(ordering: .relaxed))
        #expect(try database.tokens.enter(token) {} == nil)
    }
}
