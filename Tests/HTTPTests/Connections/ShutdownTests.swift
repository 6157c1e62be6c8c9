import Dispatch
import HTTP
import HTTPTypes
import TestSupport
import Testing

private let host = "Host: localhost\r\n"

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
