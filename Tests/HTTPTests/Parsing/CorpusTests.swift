import TestSupport
import Testing

private let host = "Host: a\r\n"
private let close = "Connection: close\r\n"

/// What nodejs/llhttp tries on its parser, tried here on the wire, with the host and the end that a whole request has:
/// the bytes → the statuses of all answers until the server closes. What llhttp reads only in its lenient modes is refused.
private let table: [(name: String, bytes: String, statuses: [Int])] = [
    // Connection
    ("keep-alive goes on", "PUT /a HTTP/1.1\r\n\(host)Connection: keep-alive\r\n\r\nPUT /b HTTP/1.1\r\n\(host)\(close)\r\n", [200, 200]),
    ("HTTP/1.0 ends", "PUT /a HTTP/1.0\r\n\r\nPUT /b HTTP/1.1\r\n\(host)\r\n", [200]),
    ("HTTP/1.0 with a length ends", "PUT /a HTTP/1.0\r\nContent-Length: 0\r\n\r\nPUT /b HTTP/1.1\r\n\(host)\r\n", [200]),
    (
        "an empty line between two", "POST / HTTP/1.1\r\n\(host)Content-Length: 4\r\n\r\nq=42\r\n\r\nGET / HTTP/1.1\r\n\(host)\(close)\r\n",
        [200, 200]
    ),
    ("a carriage return is no hyphen", "PUT / HTTP/1.1\r\n\(host)Connection: keep\ralive\r\n\r\n", [400]),
    ("close and a tab", "PUT / HTTP/1.1\r\n\(host)Connection: close\t\r\n\r\nPUT / HTTP/1.1\r\n", [200]),
    ("nothing after close", "POST / HTTP/1.1\r\n\(host)Content-Length: 4\r\n\(close)\r\nq=42\r\n\r\nGET / HTTP/1.1\r\n\(host)\r\n", [200]),
    ("close among other tokens", "PUT / HTTP/1.1\r\n\(host)Connection: close, token, upgrade, token, keep-alive\r\n\r\n", [200]),
    ("a folded Connection", "GET / HTTP/1.1\r\n\(host)Connection: Something,\r\n Upgrade, ,Keep-Alive\r\n\r\n", [400]),
    ("a space before Connection's colon", "PUT / HTTP/1.1\r\n\(host)Connection : upgrade\r\nContent-Length: 4\r\n\r\nabcd", [400]),
    (
        "an upgrade is not taken", "PUT / HTTP/1.1\r\n\(host)Connection: upgrade\r\nContent-Length: 4\r\nUpgrade: ws\r\n\r\nabcdefgh\r\n",
        [200, 400]
    ),
    (
        "bytes after an upgrade are a request",
        "GET / HTTP/1.1\r\n\(host)Connection: keep-alive, upgrade\r\nUpgrade: WebSocket\r\n\r\nHot dog\r\n", [200, 400]
    ),
    // Content-Length
    ("zeros before a length", "PUT / HTTP/1.1\r\n\(host)Content-Length: 003\r\nOhai: world\r\n\(close)\r\nabc", [200]),
    ("a length past every number", "PUT / HTTP/1.1\r\n\(host)Content-Length: 1000000000000000000000\r\n\r\n", [400]),
    ("two lengths", "PUT / HTTP/1.1\r\n\(host)Content-Length: 1\r\nContent-Length: 2\r\n\r\n", [400]),
    ("a length and identity", "PUT / HTTP/1.1\r\n\(host)Content-Length: 1\r\nTransfer-Encoding: identity\r\n\r\n", [400]),
    ("a space before the length's colon", "PUT / HTTP/1.1\r\n\(host)Content-Length : 4\r\n\r\nabcd", [400]),
    ("a length in any case", "GET / HTTP/1.0\r\nconTENT-Length: 5\r\n\r\nHELLO", [200]),
    ("white space around a length", "POST / HTTP/1.1\r\n\(host)Content-Length: \t 2\t \r\n\(close)\r\nab", [200]),
    ("a space in a length", "POST / HTTP/1.1\r\n\(host)Content-Length: 4 2\r\n\r\n", [400]),
    ("two numbers as a length", "POST / HTTP/1.1\r\n\(host)Content-Length: 13 37\r\n\r\n", [400]),
    ("an empty length", "POST / HTTP/1.1\r\n\(host)Content-Length:\r\n\r\n", [400]),
    ("a carriage return in the length's name", "PUT / HTTP/1.1\r\n\(host)Content\rLength: 003\r\n\r\nabc", [400]),
    ("a body without an empty line before it", "PUT / HTTP/1.1\r\n\(host)Content-Length: 3\r\n\rabc", [400]),
    // What is no request
    ("another protocol", "GET /music HTTP/1.0\r\n\r\n", [200]), ("ICE", "GET /music ICE/1.0\r\n\(host)\r\n", [400]),
    ("almost HTTP", "GET /music IHTTP/1.0\r\n\(host)\r\n", [400]), ("RTSP", "PUT /music RTSP/1.0\r\n\(host)\r\n", [400]),
    ("SOURCE by ICE", "SOURCE /music ICE/1.0\r\n\(host)\r\n", [400]),
    ("fields parted by CR", "GET / HTTP/1.1\r\n\(host)Foo: 1\rBar: 2\r\n\r\n", [400]),
    ("fields parted by LF", "POST / HTTP/1.1\r\n\(host)x:x\nTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n", [400]),
    ("a request behind CR Z", "GET / HTTP/1.1\r\n\(close)\(host)\rZGET /evil: HTTP/1.1\r\n\(host)\r\n", [400]),
    ("an empty field parted by CR", "POST / HTTP/1.1\r\n\(host)x:\rTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n", [400]),
    ("an empty field parted by LF", "POST / HTTP/1.1\r\n\(host)x:\nTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n", [400]),
    ("a name with @", "GET / HTTP/1.1\r\n\(host)Fo@: Failure\r\n\r\n", [400]),
    ("a name with a control", "GET / HTTP/1.1\r\n\(host)Foo\u{1}test: Bar\r\n\r\n", [400]),
    ("no name", "GET / HTTP/1.1\r\n\(host): Bar\r\n\r\n", [400]),
    ("a folded name", "GET / HTTP/1.1\r\n\(host)name\r\n : value\r\n\r\n", [400]),
    ("a name broken by CR", "GET / HTTP/1.1\r\n\(host)Connection\r\u{1b}5eep-Alive\r\nX: y\r\n\r\n", [400]),
    (
        "a length behind LF",
        "GET / HTTP/1.1\r\n\(host)Dummy: x\nContent-Length: 23\r\n\r\nGET / HTTP/1.1\r\nDummy: GET /admin HTTP/1.1\r\n\(host)\r\n", [400]
    ),
    ("HTTP/5.6", "GET / HTTP/5.6\r\n\(host)\r\n", [505]), ("a space before the first field", "GET / HTTP/1.1\r\n Host: foo\r\n\r\n", [400]),
    ("only line feeds", "POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n1\nA\n0\n\n", [400]),
    (
        "a length that is folded in", "POST / HTTP/1.1\r\n\(host)Foo: bar\r\n Content-Length: 38\r\n\r\nGET /bye HTTP/1.1\r\n\(host)\r\n",
        [400]
    ),
    ("a form feed in a value", "GET / HTTP/1.1\r\n\(host)X: \u{c}\r\n\r\n", [400]), ("HTTP/0.9", "GET /\r\n\r\n", [400]),
    ("no line feed after the version", "GET / HTTP/1.1\rLine: 1\r\n\r\n", [400]),
    ("folded values", "GET / HTTP/1.1\r\n\(host)Line1:   abc\r\n\tdef\r\n ghi\r\n\r\n", [400]),
    ("folded values by LF", "GET / HTTP/1.1\r\n\(host)Line1:   abc\n\tdef\n\n", [400]),
    ("a certificate over several lines", "GET / HTTP/1.1\r\n\(host)X-SSL:  -----BEGIN\r\n\tMIIFbTCC\r\n\t-----END\r\n\r\n", [400]),
    // Methods
    ("any token is a method", "REPORT /test HTTP/1.1\r\n\(host)\(close)\r\n", [200]),
    ("M-SEARCH *", "M-SEARCH * HTTP/1.1\r\n\(host)\r\n", [400]),
    ("CONNECT", "CONNECT home.example:443 HTTP/1.0\r\nUser-agent: M\r\n\r\nsome data\r\nand more", [501]),
    ("CONNECT with a body", "CONNECT home.example:443 HTTP/1.0\r\nContent-Length: 10\r\n\r\nblarfcicle", [501]),
    ("PATCH", "PATCH /f HTTP/1.1\r\n\(host)If-Match: \"e\"\r\nContent-Length: 10\r\n\(close)\r\ncccccccccc", [200]),
    ("PRI in HTTP/1.1", "PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n", [400]),
    ("QUERY", "QUERY /c HTTP/1.1\r\n\(host)Content-Length: 5\r\n\(close)\r\nquery", [200]),
    (
        "two Link fields",
        "LINK /i HTTP/1.1\r\n\(host)Link: <http://a/joe>; rel=\"tag\"\r\nLink: <http://a/sally>; rel=\"tag\"\r\n\(close)\r\n", [200]
    ),
    // Samples
    ("OPTIONS", "OPTIONS /url HTTP/1.1\r\n\(host)Header1: Value1\r\nHeader2:\t Value2\r\n\(close)\r\n", [200]),
    ("empty line first", "\r\nGET /test HTTP/1.1\r\n\(host)\(close)\r\n", [200]),
    ("a value of plus signs", "GET / HTTP/1.1\r\n\(host)aaaaaaaaaaaaa:++++++++++\r\n\(close)\r\n", [200]),
    ("a value beyond ASCII", "GET / HTTP/1.1\r\n\(host)Test: Düsseldorf\r\n\(close)\r\n", [200]),
    // Transfer-Encoding
    ("lower-case size", "PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\(close)\r\na\r\n0123456789\r\n0\r\n\r\n", [200]),
    ("upper-case size", "PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\(close)\r\nA\r\n0123456789\r\n0\r\n\r\n", [200]),
    (
        "several zeros at the end",
        "PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\(close)\r\n5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n", [200]
    ),
    (
        "trailers",
        "PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\(close)\r\n5\r\nhello\r\n0\r\nVary: *\r\nContent-Type: text/plain\r\n\r\n",
        [200]
    ),
    (
        "trailers do not frame",
        "PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 99\r\n\r\nGET / HTTP/1.1\r\n\(host)\(close)\r\n",
        [200, 200]
    ),
    (
        "extensions",
        "PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\(close)\r\n5;a;b=c;d=e\r\nhello\r\n6;f;g\r\n world\r\n0\r\n\r\n", [200]
    ),
    ("no semicolon", "PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n2 erfr\r\naa\r\n0 rrrr\r\n\r\n", [400]),
    ("nothing after a semicolon", "PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n2;\r\naa\r\n0\r\n\r\n", [400]),
    (
        "quoted extensions",
        "PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\(close)\r\n5;a=\"I \\\"love\\\"; \\\\ext\\\\\";b=\"c\";d\r\nhello\r\n0\r\n\r\n",
        [200]
    ),
    (
        "a quote that does not end",
        "PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n5;a=\"abc\";b=\"def; ghi\r\nhello\r\n0\r\n\r\n", [400]
    ),
    ("pigeons", "PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: pigeons\r\n\r\n", [400]),
    ("identity and a length", "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nWorld", [400]),
    (
        "empty codings and a length",
        "POST / HTTP/1.1\r\n\(host)Content-Length: 10\r\nTransfer-Encoding:\r\nTransfer-Encoding:\r\n\r\n2\r\nAA\r\n0\r\n", [400]
    ),
    ("chunked, deflate", "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked, deflate\r\n\r\nWorld", [400]),
    ("chunked and deflate", "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nTransfer-Encoding: deflate\r\n\r\nWorld", [400]),
    ("deflate, chunked", "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: deflate, chunked\r\n\r\n5\r\nWorld\r\n0\r\n\r\n", [501]),
    (
        "deflate and chunked",
        "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nWorld\r\n0\r\n\r\n", [501]
    ),
    ("chunkedchunked", "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunkedchunked\r\n\r\n5\r\nWorld\r\n0\r\n\r\n", [400]),
    ("a folded coding", "PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n  abc\r\n\r\n5\r\nWorld\r\n0\r\n\r\n", [400]),
    ("white space and a break after a size", "PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n3 \n  \r\nfoo\r\n", [400]),
    (
        "a size that ends with two CR",
        "GET / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n5\r\r;ABCD\r\n34\r\nE\r\n0\r\n\r\nGET / HTTP/1.1\r\n\(host)\r\n", [400]
    ),
    ("data that does not end", "GET / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n5\r\nABCDE0\r\n\r\n", [400]),
    ("a space after a size", "PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\na \r\n0123456789\r\n0\r\n\r\n", [400]),
    // The target
    ("quotes in the target", "GET /with_\"lovely\"_quotes?foo=\"bar\" HTTP/1.1\r\n\(host)\r\n", [400]),
    ("two question marks", "GET /test.cgi?foo=bar?baz HTTP/1.1\r\n\(host)\(close)\r\n", [200]),
    ("a host ended by a query", "GET http://hypnotoad.org?hail=all HTTP/1.1\r\n\(host)\(close)\r\n", [200]),
    ("a port ended by a query", "GET http://hypnotoad.org:1234?hail=all HTTP/1.1\r\n\(host)\(close)\r\n", [200]),
    ("a vertical bar", "GET /test.cgi?query=| HTTP/1.1\r\n\(host)\(close)\r\n", [200]),
    ("a port ended by a space", "GET http://hypnotoad.org:1234 HTTP/1.1\r\n\(host)\(close)\r\n", [200]),
    ("letters beyond ASCII", "GET /δ¶/δt/pope?q=1#narf HTTP/1.1\r\n\(host)\r\n", [400]),
    ("a fragment", "GET /f?page=1#p HTTP/1.1\r\n\(host)\r\n", [400]),
    ("a name and password", "GET http://a%12:b!&*$@hypnotoad.org:1234/toto HTTP/1.1\r\n\(host)\r\n", [400]),
    ("a space in the target", "GET /foo bar/ HTTP/1.1\r\n\(host)\r\n", [400]),
    // Several
    (
        "three in a row",
        "POST /a HTTP/1.1\r\n\(host)Content-Length: 3\r\n\r\nAAAPUT /b HTTP/1.1\r\n\(host)Content-Length: 4\r\n\r\nBBBB"
            + "PATCH /c HTTP/1.1\r\n\(host)\(close)Content-Length: 5\r\n\r\nCCCC\r", [200, 200, 200]
    ),
]

@Test func whatOtherParsersAreTriedWithIsReadStrictly() async throws {
    try await serving(echo) { server in
        for (name, bytes, statuses) in table {
            let client = try Client(server)
            client.send(bytes)
            #expect(client.receiveAll().statuses == statuses, "\(name)")
        }
    }
}

/// Requests that end in the middle.
@Test(arguments: [
    ("PUT / HTTP/1.1\r\n\(host)Content-Length: 100\r\n\r\n", [400]), ("PUT / HTTP/1.1\r\n\(host)Content-Leng", [400]),
    ("PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n", [400]),
    ("PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n3\r\nfoo\r\n\r\n", [400]), ("GET / HTTP/1.1\r\n\(host)\r\n", [200]),
])
func aRequestMustBeWhole(bytes: String, statuses: [Int]) async throws {
    try await serving(echo) { server in
        let client = try Client(server)
        client.send(bytes)
        client.finishSending()
        #expect(client.receiveAll().statuses == statuses)
    }
}
