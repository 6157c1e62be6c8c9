import HTTP
import HTTPTypes
import TestSupport
import Testing

private let host = "Host: localhost\r\n"

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
