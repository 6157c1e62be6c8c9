import Files
import Foundation
import HTTP
import HTTPTypes
import TestSupport
import Testing

private let host = "Host: localhost\r\n"

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
