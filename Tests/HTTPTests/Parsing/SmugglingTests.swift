import TestSupport
import Testing

/// The ways of writing Transfer-Encoding by which defparam/smuggler finds two servers that read one request differently. Beside a
/// Content-Length all of them must be refused, or be no Transfer-Encoding at all for anyone.
private enum Gadget {
    static let other: [UInt8] = Array(1...0x20) + Array(0x7F...0xFF)

    /// Field lines with a byte where it does not belong.
    static func lines(_ byte: UInt8) -> [[UInt8]] {
        let (name, value) = (Array("Transfer-Encoding".utf8), Array("chunked".utf8))
        let (colon, x) = (Array(": ".utf8), Array("X: X".utf8))
        return [
            name + [0x3A, byte] + value, name + [byte] + colon + value, [byte] + name + colon + value, name + colon + value + [byte],
            name + colon + value + [byte] + x, name + colon + value + [0x0D, byte] + x, name + colon + value + [byte, 0x0A] + x,
            x + [0x0D, byte] + name + colon + value, x + [byte, 0x0A] + name + colon + value, [byte] + name + [byte] + colon + value,
            [byte] + name + [0x3A, byte] + value, [byte] + name + colon + value + [byte], name + [byte, 0x3A, byte] + value,
            name + [byte] + colon + value + [byte], name + [0x3A, byte] + value + [byte],
        ]
    }

    /// What other spellings there are.
    static let spellings = [
        "Transfer-Encoding:\tchunked", "Transfer-Encoding\t:\tchunked", "Transfer Encoding: chunked", "Transfer Encoding:chunked",
        "Transfer-Encoding:  chunked", "Transfer-Encoding: chunked, cow", "Transfer-Encoding: cow, chunked", "Transfer-Encoding:\n chunked",
        "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: 'chunked'", "Transfer-Encoding: chunk", "TrAnSFer-EnCODinG: cHuNkeD",
        "TRANSFER-ENCODING: CHUNKED", "Transfer-Encoding: cow\r\nTransfer-Encoding: chunked", "Transfer\r-Encoding: chunked",
        "Transfer-Encoding: cow chunked bar", "Transfer-Encoding: ch\u{96}nked", "Transf\u{82}r-Encoding: chunked",
        "Transfer-Encoding:", "Transfer-Encoding: chunked;q=1", "Transfer-Encoding: chunked,",
    ]
}

/// A request whose end depends on who reads it: by its length before the second request, by its chunks within its own body.
private func request(_ line: [UInt8]) -> [UInt8] {
    Array("POST /first HTTP/1.1\r\n".utf8) + line
        + Array("\r\nHost: a\r\nContent-Length: 6\r\n\r\n0\r\n\r\nXGET /second HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8)
}

@Test func aBodyWithTwoEndsIsRefused() async throws {
    try await serving(echo) { server in
        let lines = Gadget.spellings.map { Array($0.utf8) } + Gadget.other.flatMap(Gadget.lines)
        for line in lines {
            let client = try Client(server)
            client.send(request(line))
            #expect(client.receiveAll().statuses == [400], "\(String(decoding: line, as: UTF8.self).debugDescription)")
        }
    }
}

@Test func aFieldThatOnlyLooksLikeTransferEncodingIsOverlooked() async throws {
    let lines = [
        "Transfer_Encoding: chunked", "Content-Encoding: chunked", "X: X Transfer-Encoding: chunked", "X: X\tTransfer-Encoding: chunked",
    ]
    try await serving(echo) { server in
        for line in lines.map({ Array($0.utf8) })
            + (0x80...0xFF).map({ Array("X: X".utf8) + [$0] + Array("Transfer-Encoding: chunked".utf8) })
        {
            let client = try Client(server)
            client.send(request(line))
            let answer = client.receiveAll()
            #expect(answer.statuses == [200, 200])
            #expect(answer.contains("POST /first 0\r\n\r\nX") && answer.contains("GET /second "))
        }
    }
}
