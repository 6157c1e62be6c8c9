import HTTP
import HTTPTypes
import TestSupport
import Testing

private let host = "Host: localhost\r\n"

/// Raw bytes → the status of the one answer. Refusals close the connection, so the answer is all there is until the end.
private let table: [(String, Int)] = [
    // What is right.
    ("GET /a HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", 200),
    ("GET /a HTTP/1.0\r\n\r\n", 200),
    ("\r\n\r\nGET /a HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", 200),
    ("GET http://localhost:80/a HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n", 200),
    ("GET /a?x=[1]&y={2} HTTP/1.1\r\n\(host)Connection: Keep-Alive, CLOSE\r\n\r\n", 200),
    ("POST / HTTP/1.1\r\n\(host)Content-Length: 2\r\nConnection: close\r\n\r\nab", 200),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: Chunked\r\nConnection: close\r\n\r\n2;x=\"y\"\r\nab\r\n0\r\nT: v\r\n\r\n", 200),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0000000000000002 ; x\r\nab\r\n0\r\n\r\n", 200),
    ("GET / HTTP/1.1\r\n\(host)X:\t a b \t\r\nY:\r\nConnection: close\r\n\r\n", 200),
    // The request line.
    ("GET  /a HTTP/1.1\r\n\(host)\r\n", 400), ("GET /a  HTTP/1.1\r\n\(host)\r\n", 400), ("GET /a HTTP/1.1 \r\n\(host)\r\n", 400),
    (" GET /a HTTP/1.1\r\n\(host)\r\n", 400), ("GET\t/a HTTP/1.1\r\n\(host)\r\n", 400), ("GET /a\r\n", 400),
    ("GE@T /a HTTP/1.1\r\n\(host)\r\n", 400), ("GET /a HTTP/1.1\n\(host)\r\n", 400), ("GET /a HTTP/1.1\rX", 400),
    ("GET /a http/1.1\r\n", 400), ("GET /a HTTP/11\r\n", 400), ("GET /a HTTP/1.1x\r\n", 400), ("GET /\u{e9} HTTP/1.1\r\n", 400),
    ("GET /a HTTP/2.0\r\n", 505), ("GET /a HTTP/1.2\r\n", 505), ("PRI * HTTP/2.0\r\n", 505), ("GET /a HTTP/0.9\r\n", 505),
    ("\u{16}\u{3}\u{1}", 400),
    // The target.
    ("GET a HTTP/1.1\r\n", 400), ("GET * HTTP/1.1\r\n", 400), ("GET https://localhost/ HTTP/1.1\r\n", 400),
    ("GET http:///a HTTP/1.1\r\n", 400), ("GET http://me@localhost/a HTTP/1.1\r\n", 400), ("CONNECT a:80 HTTP/1.1\r\n", 501),
    ("GET /a%00 HTTP/1.1\r\n", 400), ("GET /a%2fb HTTP/1.1\r\n", 400), ("GET /a%2Fb HTTP/1.1\r\n", 400), ("GET /../a HTTP/1.1\r\n", 400),
    ("GET /a/%2e%2E/b HTTP/1.1\r\n", 400), ("GET /./a HTTP/1.1\r\n", 400), ("GET /a/.. HTTP/1.1\r\n", 400), ("GET /a% HTTP/1.1\r\n", 400),
    ("GET /a%4 HTTP/1.1\r\n", 400), ("GET /a%gg HTTP/1.1\r\n", 400), ("GET /%ff HTTP/1.1\r\n", 400), ("GET /a#b HTTP/1.1\r\n", 400),
    ("GET /?a=%00 HTTP/1.1\r\n", 400), ("GET /?a=%f HTTP/1.1\r\n", 400), ("GET /<a> HTTP/1.1\r\n", 400), ("GET /a\\b HTTP/1.1\r\n", 400),
    ("GET /\(String(repeating: "a", count: 8191)) HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", 200),
    ("GET /\(String(repeating: "a", count: 8192)) HTTP/1.1\r\n\(host)\r\n", 414), ("GET /\(String(repeating: "a", count: 9000))", 414),
    // The host.
    ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\(host)\(host)\r\n", 400), ("GET / HTTP/1.0\r\n\(host)\(host)\r\n", 400),
    ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
    // Field lines.
    ("GET / HTTP/1.1\r\n\(host)X : a\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\(host)X: a\r\n b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n X: a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n\(host)X\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\(host): a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n\(host)X(: a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n\(host)X: a\u{0}b\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\(host)X: a\rb\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n\(host)X: a\n\r\n", 400),
    ("GET / HTTP/1.1\r\n\(host)X: \u{7f}\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n\(host)X: \(String(repeating: "a", count: 40000))\r\n\r\n", 431),
    ("GET / HTTP/1.1\r\n\(host)\(String(repeating: "a:\r\n", count: 200))\r\n", 431), (String(repeating: "\r\n", count: 17000), 431),
    ("GET / HTTP/1.1\r\n\(host)Expect: 200-ok\r\n\r\n", 417), ("GET / HTTP/1.1\r\n\(host)Expect: 100-continue, x\r\n\r\n", 417),
    // How long the body is.
    ("POST / HTTP/1.1\r\n\(host)Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400),
    ("POST / HTTP/1.1\r\n\(host)Content-Length: 1, 1\r\n\r\na", 400), ("POST / HTTP/1.1\r\n\(host)Content-Length: +1\r\n\r\na", 400),
    ("POST / HTTP/1.1\r\n\(host)Content-Length: -0\r\n\r\n", 400), ("POST / HTTP/1.1\r\n\(host)Content-Length: 0x1\r\n\r\na", 400),
    ("POST / HTTP/1.1\r\n\(host)Content-Length:\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Content-Length: 9999999999999999999\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("POST / HTTP/1.0\r\n\(host)Transfer-Encoding: chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked, chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding:\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked, gzip\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip;level=9, chunked\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip, chunked, chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked, gzip, chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked;q=1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip, chunked;q=1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip;a=\", chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip;a=\"x, chunked\"\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: \"gzip\", chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: g/zip, chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: , chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: identity\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: xchunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: \u{b}chunked\r\n\r\n", 400),
]

@Test func everyRequestGetsItsStatus() async throws {
    try await serving(echo) { server in
        for (bytes, status) in table {
            let client = try Client(server)
            client.send(bytes)
            let answer = client.receiveAll()
            #expect(answer.statuses == [status], "\(bytes.prefix(200).debugDescription)")
            if status != 200 {
                #expect(answer.contains("Content-Type: application/problem+json\r\n"))
                #expect(answer.contains("Connection: close\r\n"))
                #expect(answer.content.contains("\"status\":\(status)") && answer.content.contains("\"code\":\""))
            }
        }
    }
}

/// Chunked bodies that are refused while they are read.
@Test(arguments: [
    ("x\r\n", 400), ("\r\n", 400), ("-1\r\n", 400), ("+1\r\na\r\n", 400), ("0x1\r\na\r\n", 400), (" 1\r\na\r\n", 400), ("1 \r\na\r\n", 400),
    ("1\na\r\n", 400), ("1\ra\r\n", 400), ("1\r\nab\r\n", 400), ("1\r\na\n", 400), ("1\r\na\rb", 400), ("00000000000000001\r\na\r\n", 400),
    ("ffffffffffffffff\r\n", 400), ("8000000000000000\r\n", 400), ("1;a\nb\r\n", 400), ("1;a\u{0}\r\n", 400), ("0\r\nX : y\r\n\r\n", 400),
    ("0\r\nno colon\r\n\r\n", 400), ("0\r\nX: y\n\r\n", 400), ("0\r\n\rX", 400), ("1;\(String(repeating: "a", count: 20000))\r\n", 400),
    ("0\r\nX: \(String(repeating: "a", count: 17000))\r\n\r\n", 431), ("1;\r\na\r\n", 400), ("1;a=\r\na\r\n", 400),
    ("1;a=\"b\r\na\r\n", 400), ("1;a b\r\na\r\n", 400), ("1;a \r\na\r\n", 400), ("1;a=\"b\"c\r\na\r\n", 400),
    // Many small extensions are one large one.
    (String(repeating: "1;abcdefg\r\na\r\n", count: 2100), 400),
])
func aBrokenChunkedBodyIsRefused(body: String, status: Int) async throws {
    try await serving(echo) { server in
        let client = try Client(server)
        client.send("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n\(body)")
        #expect(client.receiveAll().statuses == [status])
    }
}

/// The same requests, cut in two at every position, get the same answers.
@Test func bytesMayComeInAnyPieces() async throws {
    let bytes = Array(
        """
        POST /first?q HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n3;e="f"\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n\
        POST /second HTTP/1.1\r\n\(host)Content-Length: 3\r\n\r\nfgh\r\nGET /third HTTP/1.1\r\n\(host)Connection: close\r\n\r\n
        """.utf8)
    try await serving(echo) { server in
        for cut in 0...bytes.count {
            let client = try Client(server)
            client.send(Array(bytes[..<cut]))
            client.send(Array(bytes[cut...]))
            let answer = client.receiveAll()
            #expect(answer.statuses == [200, 200, 200])
            for content in ["POST /first abcde", "POST /second fgh", "GET /third "] {
                #expect(answer.components(separatedBy: content).count == 2, "cut at \(cut)")
            }
        }
    }
}

@Test func pipelinedRequestsAreAnsweredInOrder() async throws {
    try await serving(echo) { server in
        let client = try Client(server)
        client.send((0..<100).map { "GET /\($0) HTTP/1.1\r\n\(host)\($0 == 99 ? "Connection: close\r\n" : "")\r\n" }.joined())
        let answers = client.receiveAll().components(separatedBy: "HTTP/1.1 200 OK").dropFirst()
        #expect(answers.map(\.content) == (0..<100).map { "GET /\($0) " })
    }
}

@Test func nothingIsReadAfterARefusal() async throws {
    try await serving(echo) { server in
        let client = try Client(server)
        client.send("GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\(host)\r\n")
        #expect(client.receiveAll().statuses == [400])
    }
}

@Test func aRequestCutShortIsRefused() async throws {
    try await serving(echo) { server in
        for text in [
            "GET / HT", "POST / HTTP/1.1\r\n\(host)Content-Length: 5\r\n\r\nab",
            "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        ] {
            let client = try Client(server)
            client.send(text)
            client.finishSending()
            #expect(client.receiveAll().statuses == [400])
        }
        let silent = try Client(server)
        silent.finishSending()
        #expect(silent.receiveAll() == "")
    }
}
