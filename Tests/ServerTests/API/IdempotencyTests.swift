import Documents
import Foundation
import ServiceSupport
import Testing

/// A creating POST happens once for each `Idempotency-Key`.
@Suite struct IdempotencyTests {
    struct Creating: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let path: String
        /// The same route, asked for something else; nil where there is nothing else.
        var other: String?
        var list: String?
        var headers: [String: String] = [:]
        let body: @Sendable (String) throws -> Data
    }

    static let creating = [
        Creating(
            testDescription: "checkpoint", path: "/v1/checkpoints", other: "/v1/checkpoints?name=other", list: "/v1/checkpoints"
        ) { _ in try Samples.archive(Samples.unet()) },
        Creating(testDescription: "dataset", path: "/v1/datasets?name=a", other: "/v1/datasets?name=other", list: "/v1/datasets") { _ in
            try Samples.pictures(2)
        },
        Creating(testDescription: "job", path: "/v1/jobs", other: "/v1/jobs?dry_run=false", list: "/v1/jobs") { checkpoint in
            Data(#"{"checkpoint":"\#(checkpoint)","pruning":{"method":"magnitude"}}"#.utf8)
        },
        Creating(
            testDescription: "upload", path: "/v1/uploads",
            headers: ["Tus-Resumable": "1.0.0", "Upload-Length": "9", "Content-Type": "application/offset+octet-stream"]
        ) { _ in Data("abcd".utf8) },
    ]

    /// Sends a creating POST under the key "k".
    private func send(_ creating: Creating, _ body: Data, to world: World, path: String? = nil) async throws -> World.Answer {
        let headers = creating.headers.merging(["Idempotency-Key": "k"]) { first, _ in first }
        return try await world.send("POST", path ?? creating.path, body: body, headers: headers)
    }

    @Test(arguments: creating) func theSameRequestGetsTheFirstAnswerAgain(creating: Creating) async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let body = try creating.body(checkpoint)
            let first = try await send(creating, body, to: world)
            #expect(first.status == 201)
            #expect(first.headers["idempotent-replayed"] == nil)
            try await world.restart()
            let second = try await send(creating, body, to: world)
            #expect(second.status == 201)
            #expect(second.data == first.data)
            #expect(second.headers["idempotent-replayed"] == "true")
            for name in ["content-type", "upload-offset", "upload-expires"] {
                #expect(second.headers[name] == first.headers[name])
            }
            // An upload's is a whole URL, and the port is another one now.
            #expect(second.headers["location"]?.hasSuffix(try #require(first.json["id"]?.text)) == true)
            guard let list = creating.list else { return }
            let count = try await world.get(list).json["data"]?.elements.count
            #expect(count == (creating.testDescription == "checkpoint" ? 2 : 1))
        }
    }

    @Test(arguments: creating) func anotherRequestUnderTheSameKeyIsRefused(creating: Creating) async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let body = try creating.body(checkpoint)
            #expect(try await send(creating, body, to: world).status == 201)
            let files = try world.filesLeft()
            var others = [try await send(creating, Data("{}".utf8), to: world)]
            if let path = creating.other { others.append(try await send(creating, body, to: world, path: path)) }
            for other in others {
                #expect(other.status == 422)
                #expect(other.code == "idempotency_key_reused")
            }
            // A job that runs makes files of its own.
            if creating.testDescription != "job" { #expect(try world.filesLeft() == files) }
        }
    }

    @Test func aRefusedRequestDoesNotUseItsKeyUp() async throws {
        try await World.with { world in
            let headers = ["Idempotency-Key": "k"]
            let refused = try await world.send("POST", "/v1/datasets", body: Data("nothing".utf8), headers: headers)
            #expect(refused.status == 422)
            let made = try await world.send("POST", "/v1/datasets", body: Samples.pictures(1), headers: headers)
            #expect(made.status == 201)
        }
    }

    @Test func aFormIsTheSameWhateverItsBoundary() async throws {
        try await World.with { world in
            func form(_ boundary: String, name: String) throws -> Data {
                var data = Data()
                let parts = try Samples.unet().map { ($0.0 == "config.json" ? "config" : "weights", $0.1) } + [("name", Array(name.utf8))]
                for (part, bytes) in parts {
                    data.append(Data("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(part)\"\r\n\r\n".utf8))
                    data.append(contentsOf: bytes)
                    data.append(Data("\r\n".utf8))
                }
                data.append(Data("--\(boundary)--\r\n".utf8))
                return data
            }
            func send(_ boundary: String, name: String) async throws -> World.Answer {
                try await world.send(
                    "POST", "/v1/checkpoints", body: form(boundary, name: name), type: "multipart/form-data; boundary=\(boundary)",
                    headers: ["Idempotency-Key": "k"])
            }
            let first = try await send("one", name: "a")
            #expect(first.status == 201)
            #expect(try await send("two", name: "a").data == first.data)
            #expect(try await send("two", name: "b").code == "idempotency_key_reused")
        }
    }

    @Test(arguments: ["", " ", "a\u{7F}", "schlüssel", String(repeating: "k", count: 256)])
    func aKeyOfAnotherKindIsRefused(key: String) async throws {
        try await World.with(isBlocking: true) { world in
            let client = try world.socket()
            client.send(
                "POST /v1/datasets HTTP/1.1\r\nHost: localhost:\(try world.port)\r\nContent-Length: 0\r\nIdempotency-Key: \(key)\r\n\r\n")
            let answer = client.receive(until: "}")
            #expect(answer.status == 400)
            #expect(answer.contains(key.contains("\u{7F}") ? "malformed_request" : "invalid_idempotency_key"))
        }
    }

    @Test func aRequestInFlightHoldsItsKey() async throws {
        try await World.with(isBlocking: true) { world in
            let body = try Samples.pictures(1)
            let head = "POST /v1/datasets HTTP/1.1\r\nHost: localhost:\(try world.port)\r\nIdempotency-Key: k\r\n"
            let first = try world.socket()
            first.send(head + "Expect: 100-continue\r\nContent-Length: \(body.count)\r\n\r\n")
            #expect(first.receive(until: "\r\n\r\n").status == 100)
            let second = try await world.send("POST", "/v1/datasets", body: body, headers: ["Idempotency-Key": "k"])
            #expect(second.status == 409)
            #expect(second.code == "idempotency_key_in_use")
            first.send(Array(body))
            #expect(first.receive(until: "\r\n\r\n").status == 201)
            let third = try await world.send("POST", "/v1/datasets", body: body, headers: ["Idempotency-Key": "k"])
            #expect(third.headers["idempotent-replayed"] == "true")
        }
    }

    @Test func manyAtOnceMakeOneThing() async throws {
        try await World.with { world in
            let client = try world.client
            let body = try Samples.pictures(1)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await client.send("POST", "/v1/datasets", body: body, headers: ["Idempotency-Key": "k"]).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.allSatisfy { [201, 409].contains($0) })
            #expect(statuses.contains(201))
            #expect(try await world.get("/v1/datasets").json["data"]?.elements.count == 1)
        }
    }
}
