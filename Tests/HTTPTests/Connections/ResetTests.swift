import Foundation
import HTTP
import TestSupport
import Testing

/// Clients that leave by resetting their connections, which is what epoll calls a hang-up.
@Suite struct ResetTests {
    @Test func whoeverResetsEndsNothingButTheirOwnConnection() async throws {
        try await serving(echo) { server in
            let kept = try Client(server)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for number in 0..<250 {
                            guard let client = try? Client(server) else { continue }
                            // One that says nothing, one in the middle of its head, and one that has been answered and may ask again.
                            if number % 3 == 1 { client.send("GET / HT") }
                            if number % 3 == 2 {
                                client.send("GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n")
                                _ = client.receive(until: "GET /a")
                            }
                            client.reset()
                        }
                    }
                }
            }
            kept.send("GET /kept HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            #expect(kept.receiveAll().content == "GET /kept ")
        }
    }

    /// One that waits for a body that does not come, and one that has more to send than is read.
    @Test func aResetInTheMiddleEndsWhatWaitsForIt() async throws {
        let ended = Events()
        let handler: @Sendable (Request) async throws -> Response = { request in
            do { _ = try await request.body.collect(limit: 1 << 20) } catch { await ended.add() }
            return Response(status: .ok)
        }
        try await serving(handler) { server in
            for _ in 0..<20 {
                let client = try Client(server)
                client.send("PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc")
                client.reset()
            }
            await ended.wait(for: 20)
        }
    }
}

/// Something that happens again and again.
private actor Events {
    private var count = 0
    private var waiting: (count: Int, continuation: CheckedContinuation<Void, Never>)?

    func add() {
        count += 1
        if let waiting, count >= waiting.count {
            self.waiting = nil
            waiting.continuation.resume()
        }
    }

    func wait(for wanted: Int) async {
        guard count < wanted else { return }
        await withCheckedContinuation { waiting = (wanted, $0) }
    }
}
