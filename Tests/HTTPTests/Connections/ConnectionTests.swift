import Dispatch
import HTTP
import HTTPTypes
import TestSupport
import Testing

private let host = "Host: localhost\r\n"

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
