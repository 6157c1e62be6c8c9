import Foundation
import HTTP
import HTTPTypes
import TestSupport
import Testing

/// Every answer names its request, and the log names it the same.
@Suite struct RequestIDTests {
    private func ids(_ text: String) -> [String] {
        text.components(separatedBy: "\r\n").filter { $0.hasPrefix("X-Request-Id: ") }.map { String($0.dropFirst(14)) }
    }

    @Test func everyRequestHasANameOfItsOwn() async throws {
        try await serving(echo) { server in
            let requests = String(repeating: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", count: 11)
            var all = Set<String>()
            for _ in 0..<2 {
                let client = try Client(server)
                client.send(requests + "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                let found = ids(client.receiveAll())
                #expect(found.count == 12)
                #expect(found.last?.hasSuffix("-12") == true)
                #expect(found.allSatisfy { $0.utf8.count >= 18 && $0.utf8.dropLast(2).allSatisfy { $0 > 0x20 && $0 < 0x7F } })
                all.formUnion(found)
            }
            #expect(all.count == 24)
        }
    }

    @Test(arguments: [
        "a", "9f2c-4e7a", "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66", "AbC/_.~+=@9", String(repeating: "x", count: 128),
    ])
    func aClientsOwnNameIsTaken(name: String) async throws {
        try await serving(echo) { server in
            let client = try Client(server)
            client.send("GET / HTTP/1.1\r\nHost: x\r\nx-request-id: \(name)\r\nConnection: close\r\n\r\n")
            #expect(ids(client.receiveAll()) == [name])
        }
    }

    @Test(arguments: [
        "", "a b", "a\"b", "a,b", "{}", "a\\b", "é", "<script>", "a;b", "%0a", String(repeating: "x", count: 129),
        "one\r\nX-Request-Id: two",
    ])
    func whatCouldDoHarmInALogIsNot(name: String) async throws {
        try await serving(echo) { server in
            let client = try Client(server)
            client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: \(name)\r\nConnection: close\r\n\r\n")
            let answer = client.receiveAll()
            #expect(answer.status == 200)
            let found = ids(answer)
            #expect(found.count == 1 && found[0].hasSuffix("-1") && found[0].utf8.count == 18)
        }
    }

    @Test(arguments: [
        ("GARBAGE\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        ("GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
    ])
    func refusalsHaveOneToo(request: String, status: Int) async throws {
        try await serving({ _ in throw HTTPError.notFound(path: "") }) { server in
            let client = try Client(server)
            client.send(request)
            let answer = client.receiveAll()
            #expect(answer.status == status)
            #expect(ids(answer).count == 1)
        }
    }

    @Test func aHandlersOwnIsOverlooked() async throws {
        let handler: Router.Handler = { _ in
            Response(status: .ok, fields: [HTTPField.Name("X-Request-Id")!: "other", .contentType: "text/plain"])
        }
        try await serving(handler) { server in
            let client = try Client(server)
            client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\nConnection: close\r\n\r\n")
            #expect(ids(client.receiveAll()) == ["mine"])
        }
    }
}
