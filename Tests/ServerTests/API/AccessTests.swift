import Documents
import Foundation
import Logging
import Server
import ServiceSupport
import TestSupport
import Testing

/// Makes a token by the door of a running service.
private func token(_ world: World, scope: String = "write", limits: [String: Int] = [:]) throws -> (id: String, headers: [String: String]) {
    let made = try DataFolderDoor(path: world.folder.path).perform(
        .createToken, .object([.init("name", "test"), .init("scope", .string(scope))] + limits.map { .init($0.key, .integer($0.value)) }))
    let secret = try #require(made["token"]?.text)
    return (try #require(made["id"]?.text), ["Authorization": "Bearer \(secret)"])
}

@Test func withATokenEveryRouteButHealthNeedsOne() async throws {
    try await World.with { world in
        #expect(try await world.get("/v1/jobs").status == 200)
        let writer = try token(world)
        let reader = try token(world, scope: "read")
        #expect(try await world.get("/healthz").status == 200)
        #expect(try await world.get("/readyz").status == 200)
        let table: [(String, [String: String], Int)] = [
            ("GET", [:], 401), ("GET", ["Authorization": "Bearer x"], 401), ("GET", ["Authorization": "Basic eDp5"], 401),
            ("GET", ["Authorization": "Bearer"], 401), ("GET", writer.headers, 200), ("GET", reader.headers, 200),
            ("HEAD", reader.headers, 200),
            ("GET", writer.headers.mapValues { $0.replacingOccurrences(of: "Bearer", with: "bearer") }, 200),
            ("GET", writer.headers.mapValues { String($0.dropLast()) }, 401), ("GET", writer.headers.mapValues { $0 + "x" }, 401),
            ("POST", [:], 401), ("POST", reader.headers, 403), ("POST", writer.headers, 400),
        ]
        for (method, headers, status) in table {
            let answer = try await world.send(method, "/v1/jobs", body: method == "POST" ? Data() : nil, headers: headers)
            #expect(answer.status == status, "\(method) \(headers)")
            #expect((answer.headers["www-authenticate"] != nil) == (status == 401 || status == 403))
        }
        #expect(try await world.send("DELETE", "/v1/jobs/job_x", headers: reader.headers).code == "insufficient_scope")

        let door = DataFolderDoor(path: world.folder.path)
        let list = try door.perform(.listTokens)
        #expect(list["data"]?.elements.count == 2 && !list.compact.contains("pruner_"))
        _ = try door.perform(.revokeToken, ["id": .string(writer.id)])
        #expect(try await world.send("GET", "/v1/jobs", headers: writer.headers).status == 401)
        #expect(try await world.send("GET", "/v1/jobs", headers: reader.headers).status == 200)
        #expect(throws: (any Error).self) { try door.perform(.revokeToken, ["id": .string(writer.id)]) }
    }
}

@Test func aTokensLimitsAreHeld() async throws {
    try await World.with { world in
        let checkpoint = try Samples.archive(Samples.unet())
        func upload(_ headers: [String: String]) async throws -> World.Answer {
            try await world.send("POST", "/v1/checkpoints", body: checkpoint, headers: headers)
        }
        let small = try token(world, limits: ["max_upload_bytes": checkpoint.count - 1])
        #expect(try await upload(small.headers).status == 413)

        let few = try token(world, limits: ["max_stored_bytes": checkpoint.count * 3 / 2])
        #expect(try await upload(few.headers).status == 201)
        let refused = try await upload(few.headers)
        #expect(refused.status == 403 && refused.code == "storage_limit")
        // The archive fits and what is in it does not.
        let packed = try Samples.archive(Samples.unet(), .tarGz)
        let less = try token(world, limits: ["max_stored_bytes": packed.count])
        let unpacked = try await world.send("POST", "/v1/checkpoints", body: packed, headers: less.headers)
        #expect(unpacked.status == 403 && unpacked.code == "storage_limit")
        // What one may not store another may.
        let free = try token(world)
        #expect(try await upload(free.headers).status == 201)
    }
}

@Test func aTokensWaitingJobsAreCounted() async throws {
    try await World.with { world in
        let some = try token(world, limits: ["max_queued_jobs": 0])
        let free = try token(world)
        let made = try await world.send("POST", "/v1/checkpoints", body: try Samples.archive(Samples.unet()), headers: free.headers)
        let body = JSON.object([.init("checkpoint", made.json["id"] ?? .null), .init("pruning", ["method": "magnitude"])])
        func post(_ headers: [String: String]) async throws -> World.Answer {
            try await world.send("POST", "/v1/jobs", body: Data(body.compact.utf8), type: "application/json", headers: headers)
        }
        let refused = try await post(some.headers)
        #expect(refused.status == 429 && refused.code == "queue_limit" && refused.headers["retry-after"] != nil)
        #expect(try await post(free.headers).status == 201)
    }
}

@Test func aServerThatOthersReachNeedsATokenOrAWordOfPermission() async throws {
    let folder = try TemporaryFolder()
    func service(_ change: (inout Configuration) -> Void) throws -> Service {
        var settings = Configuration()
        settings.host = "0.0.0.0"
        settings.port = 0
        settings.dataDir = folder.url.path
        change(&settings)
        return try Service(settings, logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
    #expect(throws: (any Error).self) { try service { _ in } }
    try await service { $0.allowAnonymous = true }.stop()
    _ = try DataFolderDoor(path: folder.url.path).perform(.createToken, ["name": "a", "scope": "read"])
    try await service { _ in }.stop()
}

/// Also where there is no room any more for a second one.
@Test func anIdempotencyKeyIsItsClientsOwn() async throws {
    try await World.with { world in
        let body = try Samples.pictures(1)
        let one = try token(world, limits: ["max_stored_bytes": body.count])
        let two = try token(world)
        func send(_ headers: [String: String]) async throws -> World.Answer {
            try await world.send("POST", "/v1/datasets", body: body, headers: headers.merging(["Idempotency-Key": "k"]) { $1 })
        }
        let first = try await send(one.headers)
        let second = try await send(two.headers)
        let again = try await send(one.headers)
        #expect([first, second, again].map(\.status) == [201, 201, 201])
        #expect(first.json["id"] != second.json["id"])
        #expect(again.data == first.data)
        let other = try await world.send("POST", "/v1/datasets", body: body, headers: one.headers)
        #expect(other.status == 403)
    }
}

@Test func anUploadCountsAsStoredFromItsBeginning() async throws {
    try await World.with { world in
        let some = try token(world, limits: ["max_stored_bytes": 100, "max_upload_bytes": 80])
        func begin(_ length: Int) async throws -> World.Answer {
            try await world.send(
                "POST", "/v1/uploads", headers: some.headers.merging(["Tus-Resumable": "1.0.0", "Upload-Length": "\(length)"]) { $1 })
        }
        let statuses = try await [begin(81).status, begin(60).status, begin(41).status, begin(40).status]
        #expect(statuses == [413, 201, 403, 201])
    }
}
