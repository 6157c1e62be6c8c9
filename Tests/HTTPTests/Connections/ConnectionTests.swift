import Files
import Foundation
import HTTP
import HTTPTypes
import TestSupport
import Testing

private let host = "Host: localhost\r\n"

// MARK: - Expect

@Test func aClientIsToldToGoOnWhenItsBodyIsWanted() async throws {
    try await serving(echo) { server in
        let client = try Client(server)
        client.send("PUT /a HTTP/1.1\r\n\(host)Content-Length: 2\r\nExpect: 100-Continue\r\nConnection: close\r\n\r\n")
        #expect(client.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        client.send("ab")
        let answer = client.receiveAll()
        #expect(answer.statuses == [200] && answer.content == "PUT /a ab")
    }
}

@Test func aClientIsNotToldToGoOnWhenItsBodyIsRefused() async throws {
    let handler: @Sendable (Request) async throws -> Response = { request in
        _ = try await request.body.collect(limit: 10)
        return Response(status: .ok)
    }
    try await serving(handler) { server in
        let client = try Client(server)
        client.send("PUT /a HTTP/1.1\r\n\(host)Content-Length: 11\r\nExpect: 100-continue\r\n\r\n")
        let answer = client.receiveAll()
        #expect(answer.statuses == [413])
        #expect(answer.contains("Connection: close"))
    }
}

@Test func anExpectationWithoutABodyOrFromAnOldClientIsOverlooked() async throws {
    try await serving(echo) { server in
        for text in [
            "GET / HTTP/1.1\r\n\(host)Expect: 100-continue\r\nConnection: close\r\n\r\n",
            "POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\na",
        ] {
            let client = try Client(server)
            client.send(text)
            #expect(client.receiveAll().statuses == [200])
        }
    }
}

// MARK: - Bodies

@Test func aChunkedBodyPastTheLimitIsRefused() async throws {
    let handler: @Sendable (Request) async throws -> Response = { request in
        Response(status: .ok, body: .bytes(try await request.body.collect(limit: 4)))
    }
    try await serving(handler) { server in
        let client = try Client(server)
        client.send("PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n")
        #expect(client.receive(until: "abcd").statuses == [200])
        client.send("PUT / HTTP/1.1\r\n\(host)Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n1\r\ne\r\n0\r\n\r\n")
        #expect(client.receiveAll().statuses == [413])
    }
}

@Test func aSmallUnreadBodyIsSkippedAndALargeOneEndsTheConnection() async throws {
    try await serving({ _ in Response(status: .init(code: 409)) }) { server in
        let client = try Client(server)
        client.send(
            "PUT /a HTTP/1.1\r\n\(host)Content-Length: 5\r\n\r\nabcdePUT /b HTTP/1.1\r\n\(host)Content-Length: 0\r\nConnection: close\r\n\r\n"
        )
        #expect(client.receiveAll().statuses == [409, 409])
        // All of it is sent before the answer is read: the server swallows it, so that the answer is not lost to a reset.
        let other = try Client(server)
        other.send("PUT /a HTTP/1.1\r\n\(host)Content-Length: 8000000\r\n\r\n")
        other.send([UInt8](repeating: 97, count: 8_000_000))
        other.finishSending()
        #expect(other.receiveAll().statuses == [409])
    }
}

@Test func aLargeBodyPassesInPieces() async throws {
    let handler: @Sendable (Request) async throws -> Response = { request in
        var count = 0
        var sum = 0
        for try await chunk in request.body {
            #expect(!chunk.isEmpty && chunk.count <= 256 << 10)
            count += chunk.count
            sum += chunk.reduce(0) { $0 + Int($1) }
        }
        return Response(status: .ok, body: .bytes(Array("\(count) \(sum)".utf8)))
    }
    try await serving(handler) { server in
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
        let expected = "\(bytes.count) \(bytes.reduce(0) { $0 + Int($1) })"
        let client = try Client(server)
        client.send("PUT / HTTP/1.1\r\n\(host)Content-Length: \(bytes.count)\r\n\r\n")
        client.send(bytes)
        #expect(client.receive(until: expected).content == expected)
        client.send("PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        for start in stride(from: 0, to: bytes.count, by: 70_001) {
            let piece = bytes[start..<min(bytes.count, start + 70_001)]
            client.send(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8))
        }
        client.send("0\r\n\r\n")
        #expect(client.receiveAll().content == expected)
    }
}

// MARK: - Answers

@Test func everyKindOfAnswerIsFramed() async throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("http-\(UUID().uuidString)")
    let bytes = (0..<2_000_000).map { UInt8(97 + $0 % 26) }
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    var router = Router()
    router.on(.get, "/empty") { _ in Response(status: .ok) }
    router.on(.get, "/none") { _ in Response(status: .noContent) }
    router.on(.get, "/bytes") { _ in
        Response(status: .ok, fields: [.contentType: "text/plain", .contentLength: "7"], body: .bytes([97, 98]))
    }
    router.on(.get, "/large") { _ in Response(status: .ok, body: .bytes(bytes)) }
    router.on(.get, "/file") { _ in Response(status: .ok, body: .file(try OpenFile(url))) }
    router.on(.get, "/range") { _ in Response(status: .partialContent, body: .file(try OpenFile(url), offset: 1, length: 3)) }
    router.on(.get, "/known") { _ in
        Response(status: .ok, body: .stream(length: 3) { for byte in [97, 98, 99] as [UInt8] { try await $0.write([byte]) } })
    }
    router.on(.get, "/unknown") { _ in
        Response(
            status: .ok,
            body: .stream(length: nil) {
                try await $0.write([97])
                try await $0.write([])
                try await $0.write([UInt8](repeating: 98, count: 17))
            })
    }
    router.on(.get, "/short") { _ in Response(status: .ok, body: .stream(length: 3) { try await $0.write([97]) }) }
    router.on(.get, "/long") { _ in Response(status: .ok, body: .stream(length: 1) { try await $0.write([97, 98]) }) }
    router.on(.get, "/broken") { _ in
        Response(
            status: .ok,
            body: .stream(length: nil) {
                try await $0.write([97])
                throw CocoaError(.fileReadUnknown)
            })
    }
    let large = String(decoding: bytes, as: UTF8.self)
    try await serving({ [router] in try await router.respond(to: $0) }) { server in
        func ask(_ method: String, _ path: String, _ version: String = "1.1") throws -> String {
            let client = try Client(server)
            client.send("\(method) \(path) HTTP/\(version)\r\n\(host)Connection: close\r\n\r\n")
            return client.receiveAll()
        }
        let table: [(path: String, status: Int, framing: String?, content: String)] = [
            ("/empty", 200, "Content-Length: 0", ""), ("/none", 204, nil, ""), ("/bytes", 200, "Content-Length: 2", "ab"),
            ("/large", 200, "Content-Length: 2000000", large), ("/file", 200, "Content-Length: 2000000", large),
            ("/range", 206, "Content-Length: 3", "bcd"), ("/known", 200, "Content-Length: 3", "abc"),
            ("/unknown", 200, "Transfer-Encoding: chunked", "1\r\na\r\n11\r\nbbbbbbbbbbbbbbbbb\r\n0\r\n\r\n"),
            // Cut off, so that a client sees that it is not whole.
            ("/short", 200, "Content-Length: 3", "a"), ("/long", 200, "Content-Length: 1", ""),
            ("/broken", 200, "Transfer-Encoding: chunked", "1\r\na\r\n"),
        ]
        for row in table {
            let answer = try ask("GET", row.path)
            #expect(answer.status == row.status && answer.content == row.content, "\(row.path)")
            let answered = answer.head
            #expect(answered.contains("Date: ") && answered.contains("Connection: close"))
            for framing in ["Content-Length: ", "Transfer-Encoding: "] {
                let count = answered.components(separatedBy: framing).count - 1
                #expect(count == (row.framing?.hasPrefix(framing) == true ? 1 : 0), "\(row.path)")
            }
            if let framing = row.framing {
                #expect(answered.contains("\(framing)\r\n"), "\(row.path)")
                let head = try ask("HEAD", row.path)
                #expect(head.status == row.status && head.contains("\(framing)\r\n") && head.content == "", "\(row.path)")
            }
        }
        let old = try ask("GET", "/unknown", "1.0")
        #expect(old.content == "abbbbbbbbbbbbbbbbb" && !old.contains("Transfer-Encoding"))
    }
}

@Test func anUnknownErrorIsNotShownToTheClient() async throws {
    struct Secret: Error { let password = "hunter2" }
    try await serving({ _ in throw Secret() }) { server in
        let client = try Client(server)
        client.send("GET / HTTP/1.1\r\n\(host)\r\n")
        let answer = client.receive(until: "internal_error")
        #expect(answer.status == 500 && !answer.contains("hunter2"))
        client.send("GET / HTTP/1.1\r\n\(host)Connection: close\r\n\r\n")
        #expect(client.receiveAll().contains("HTTP/1.1 500"))
    }
}

@Test func aFieldValueCannotSplitAnAnswer() async throws {
    try await serving({ _ in Response(status: .ok, fields: [.location: "/a\r\nSet-Cookie: b"]) }) { server in
        let client = try Client(server)
        client.send("GET / HTTP/1.1\r\n\(host)Connection: close\r\n\r\n")
        #expect(!client.receiveAll().contains("\r\nSet-Cookie"))
    }
}

// MARK: - Time and numbers

@Test func aHeadThatDoesNotComeInTimeIsRefused() async throws {
    var timeouts = Timeouts.patient
    timeouts.head = 0.05
    timeouts.idle = 0.05
    timeouts.stall = 0.05
    let table: [(String, [Int])] = [
        ("", []), ("GET / HT", [408]), ("GET / HTTP/1.1\r\n\(host)\r\n", [200]),
        ("PUT / HTTP/1.1\r\n\(host)Content-Length: 3\r\n\r\na", [408]),
    ]
    var clients: [Client] = []
    try await serving(
        echo, timeouts: timeouts,
        before: { server in
            for (text, _) in table {
                let client = try Client(server)
                client.send(text)
                clients.append(client)
            }
        }
    ) { _ in
        for (client, (text, statuses)) in zip(clients, table) {
            #expect(client.receiveAll().statuses == statuses, "\(text.debugDescription)")
        }
    }
}

@Test func aBodyThatKeepsComingButTooSlowlyIsRefused() async throws {
    var timeouts = Timeouts.patient
    timeouts.stall = 0.05
    timeouts.rate = 1e12
    try await serving(echo, timeouts: timeouts) { server in
        let client = try Client(server)
        let length = 16_000_000
        client.send("PUT / HTTP/1.1\r\n\(host)Content-Length: \(length)\r\n\r\n")
        // A byte at a time is never fast enough; the server says so long before the last one.
        var sent = 0
        while sent < length, !client.hasAnswer {
            client.send([97])
            sent += 1
        }
        #expect(client.receiveAll().statuses == [408])
    }
}

@Test func aClientThatReadsNothingIsGivenUp() async throws {
    var timeouts = Timeouts.patient
    timeouts.stall = 0.05
    let (ends, ended) = AsyncStream<Bool>.makeStream()
    let handler: @Sendable (Request) async throws -> Response = { _ in
        Response(
            status: .ok,
            body: .stream(length: nil) { writer in
                defer { ended.yield(true) }
                while true { try await writer.write([UInt8](repeating: 97, count: 65536)) }
            })
    }
    try await serving(handler, timeouts: timeouts) { server in
        let client = try Client(server)
        client.send("GET / HTTP/1.1\r\n\(host)\r\n")
        for await _ in ends { break }
        withExtendedLifetime(client) {}
    }
}

@Test func aHandlerThatBlocksHoldsUpOnlyItself() async throws {
    let gate = DispatchSemaphore(value: 0)
    let handler: @Sendable (Request) async throws -> Response = { request in
        if request.path == "/open" { gate.signal() } else { block(on: gate) }
        return Response(status: .ok)
    }
    try await serving(handler) { server in
        let waiting = try (0..<8).map { _ in try Client(server) }
        for client in waiting { client.send("GET /wait HTTP/1.1\r\n\(host)Connection: close\r\n\r\n") }
        for _ in waiting {
            let client = try Client(server)
            client.send("GET /open HTTP/1.1\r\n\(host)Connection: close\r\n\r\n")
            #expect(client.receiveAll().status == 200)
        }
        for client in waiting { #expect(client.receiveAll().status == 200) }
    }
}

private func block(on gate: DispatchSemaphore) {
    gate.wait()
}

@Test func whoeverHasWaitedLongestWithoutARequestMakesRoom() async throws {
    for limits in [ConnectionLimits(total: 2), ConnectionLimits(perAddress: 2)] {
        try await serving(echo, limits: limits) { server in
            let silent = try (0..<5).map { _ in try Client(server) }
            func ask(_ client: Client) -> Int {
                client.send("GET /a HTTP/1.1\r\n\(host)\r\n")
                return client.receive(until: "GET /a ").status
            }
            let another = try Client(server)
            #expect(ask(another) == 200)
            for client in silent.dropLast() { #expect(client.receiveAll() == "") }
            #expect(ask(silent[4]) == 200)
        }
    }
}

@Test func aConnectionThatIsServedMakesNoRoom() async throws {
    let (opens, opened) = AsyncStream<Void>.makeStream()
    let (starts, started) = AsyncStream<Void>.makeStream()
    let handler: @Sendable (Request) async throws -> Response = { request in
        if request.path == "/slow" {
            started.yield()
            for await _ in opens { break }
        }
        return Response(status: .ok)
    }
    // Of all: another waits in the backlog. From one address: another is turned away.
    for limits in [ConnectionLimits(total: 1), ConnectionLimits(perAddress: 1)] {
        try await serving(handler, limits: limits) { server in
            let busy = try Client(server)
            busy.send("GET /slow HTTP/1.1\r\n\(host)Connection: close\r\n\r\n")
            for await _ in starts { break }
            let other = try Client(server)
            if limits.perAddress != nil {
                let answer = other.receiveAll()
                #expect(answer.statuses == [503] && answer.contains("Retry-After: "))
            }
            opened.yield()
            #expect(busy.receiveAll().status == 200)
            busy.finishSending()
            if limits.perAddress == nil {
                other.send("GET / HTTP/1.1\r\n\(host)Connection: close\r\n\r\n")
                #expect(other.receiveAll().status == 200)
            }
        }
    }
}

@Test func manyConnectionsAreServedOneAfterTheOther() async throws {
    try await serving(echo) { server in
        for number in 0..<500 {
            let client = try Client(server)
            client.send("GET /\(number) HTTP/1.1\r\n\(host)Connection: close\r\n\r\n")
            #expect(client.receiveAll().content == "GET /\(number) ")
        }
    }
}

@Test func stoppingLetsRequestsFinishAndEndsIdleConnections() async throws {
    var timeouts = Timeouts.patient
    timeouts.shutdown = 600
    let (starts, started) = AsyncStream<Void>.makeStream()
    let (opens, opened) = AsyncStream<Void>.makeStream()
    let handler: @Sendable (Request) async throws -> Response = { request in
        if request.path == "/slow" {
            started.yield()
            for await _ in opens { break }
        }
        return Response(status: .ok, body: .bytes(Array("done".utf8)))
    }
    try await serving(handler, timeouts: timeouts) { server in
        let idle = try Client(server)
        idle.send("GET / HTTP/1.1\r\n\(host)\r\n")
        #expect(idle.receive(until: "done").status == 200)
        let busy = try Client(server)
        busy.send("GET /slow HTTP/1.1\r\n\(host)\r\n")
        for await _ in starts { break }
        let stopped = Task.detached(executorPreference: ClientExecutor()) { await server.shutdown() }
        #expect(idle.receiveAll() == "")
        opened.yield()
        let answer = busy.receiveAll()
        #expect(answer.status == 200 && answer.contains("Connection: close") && answer.content == "done")
        busy.finishSending()
        await stopped.value
    }
}

@Test func everyAnswerMadeAfterTheEndBeganSaysThatItIsTheLast() async throws {
    var timeouts = Timeouts.patient
    timeouts.shutdown = 600
    let gate = DispatchSemaphore(value: 0)
    let (starts, started) = AsyncStream<Void>.makeStream()
    let handler: @Sendable (Request) async throws -> Response = { request in
        if request.path != "/free" {
            started.yield()
            block(on: gate)
        }
        return request.path == "/refused" ? Response(status: .conflict) : Response(status: .ok, body: .bytes(Array("done".utf8)))
    }
    try await serving(handler, timeouts: timeouts) { server in
        let idle = try (0..<20).map { _ in try Client(server) }
        for client in idle {
            client.send("GET /free HTTP/1.1\r\n\(host)\r\n")
            #expect(client.receive(until: "done").status == 200)
        }
        let busy = try (0..<40).map { _ in try Client(server) }
        for (number, client) in busy.enumerated() {
            // One half of them send another behind it, which is not answered any more.
            let request = "\(number % 3 == 0 ? "HEAD" : "GET") /\(number % 4 == 0 ? "refused" : "slow") HTTP/1.1\r\n\(host)\r\n"
            client.send(number % 2 == 0 ? request + request : request)
        }
        var count = 0
        for await _ in starts {
            count += 1
            if count == busy.count { break }
        }
        let stopped = Task.detached(executorPreference: ClientExecutor()) { await server.shutdown() }
        for client in idle { #expect(client.receiveAll() == "") }
        for _ in busy { gate.signal() }
        for (number, client) in busy.enumerated() {
            let answer = client.receiveAll()
            #expect(answer.statuses == [number % 4 == 0 ? 409 : 200] && answer.contains("Connection: close"))
            client.finishSending()
        }
        await stopped.value
    }
}

@Test func stoppingCutsOffWhatDoesNotEnd() async throws {
    var timeouts = Timeouts.patient
    timeouts.shutdown = 0.05
    let (starts, started) = AsyncStream<Void>.makeStream()
    let handler: @Sendable (Request) async throws -> Response = { request in
        started.yield()
        _ = try await request.body.collect(limit: 100)
        return Response(status: .ok)
    }
    try await serving(handler, timeouts: timeouts) { server in
        let client = try Client(server)
        client.send("PUT / HTTP/1.1\r\n\(host)Content-Length: 5\r\n\r\n")
        for await _ in starts { break }
        await server.shutdown()
        #expect(client.receiveAll().statuses.first != 200)
    }
}
