import HTTPTypes

/// Reads the head of a request from bytes as they come (RFC 9112, sections 2 to 5), strictly: what has two readings has none here.
///
/// The same bytes give the same result however they are split.
struct RequestHeadParser {
    /// Bytes in a head, its line ends included.
    static let headLimit = 32 * 1024
    /// Bytes in a request target.
    static let targetLimit = 8 * 1024
    /// Field lines in a head.
    static let fieldLimit = 128

    private var line: [UInt8] = []
    private var sawCarriageReturn = false
    private var size = 0
    private var start: (method: HTTPRequest.Method, target: RequestTarget, minorVersion: Int)?
    private var fields = HTTPFields()

    /// Whether nothing of a head has come yet.
    var isEmpty: Bool { size == 0 }

    /// Reads on. Returns how many bytes were read, and the head once it is whole; bytes after it are left.
    mutating func parse(_ bytes: ArraySlice<UInt8>) throws(HTTPError) -> (count: Int, head: RequestHead?) {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if sawCarriageReturn {
                guard bytes[index] == ASCII.lineFeed else {
                    throw .malformed("a carriage return stands alone", section: "RFC 9112, section 2.2")
                }
                try count(1)
                index += 1
                sawCarriageReturn = false
                let head = try endLine()
                line.removeAll(keepingCapacity: true)
                if let head { return (index - bytes.startIndex, head) }
                continue
            }
            let end = bytes[index...].firstIndex { $0 == ASCII.carriageReturn || $0 == ASCII.lineFeed } ?? bytes.endIndex
            try add(bytes[index..<end])
            index = end
            guard index < bytes.endIndex else { break }
            guard bytes[index] == ASCII.carriageReturn else {
                throw .malformed("a line feed stands alone", section: "RFC 9112, section 2.2")
            }
            try count(1)
            index += 1
            sawCarriageReturn = true
        }
        return (bytes.count, nil)
    }

    private mutating func count(_ bytes: Int) throws(HTTPError) {
        size += bytes
        guard size <= Self.headLimit else { throw .headTooLarge("the head must not be larger than \(Self.headLimit) bytes") }
    }

    /// Bytes of a line.
    private mutating func add(_ bytes: ArraySlice<UInt8>) throws(HTTPError) {
        if start == nil {
            // At the first wrong byte, so that a client of another protocol is not left waiting for a line to end.
            // The method and the version take less than 64 bytes.
            let room = Self.targetLimit + 64 - line.count
            guard bytes.prefix(room).allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
                throw .malformed("the request line has a byte that is no visible ASCII", section: "RFC 9112, section 3")
            }
            if bytes.count > room { throw .targetTooLong(limit: Self.targetLimit) }
        }
        try count(bytes.count)
        line += bytes
    }

    private mutating func endLine() throws(HTTPError) -> RequestHead? {
        guard let start else {
            // Empty lines before a request are overlooked (RFC 9112, section 2.2).
            if !line.isEmpty { self.start = try Self.requestLine(line) }
            return nil
        }
        if line.isEmpty {
            return try RequestHead(method: start.method, target: start.target, minorVersion: start.minorVersion, fields: fields)
        }
        guard fields.count < Self.fieldLimit else { throw .headTooLarge("there must not be more than \(Self.fieldLimit) field lines") }
        fields.append(try FieldLine.parse(line))
        return nil
    }

    /// `method SP request-target SP HTTP-version` (RFC 9112, section 3).
    private static func requestLine(
        _ line: [UInt8]
    ) throws(HTTPError) -> (method: HTTPRequest.Method, target: RequestTarget, minorVersion: Int) {
        let parts = line.split(separator: ASCII.space, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts.contains(where: \.isEmpty) else {
            throw .malformed("the request line is not method, target and version with one space between", section: "RFC 9112, section 3")
        }
        let name = String(decoding: parts[0], as: UTF8.self)
        guard ASCII.isToken(parts[0]), let method = HTTPRequest.Method(name) else {
            throw .malformed("the method is no token", section: "RFC 9110, section 9.1")
        }
        let version = Array(parts[2])
        guard version.count == 8, version.starts(with: "HTTP/".utf8), ASCII.isDigit(version[5]), version[6] == 0x2E,
            ASCII.isDigit(version[7])
        else {
            throw .malformed("the version is not HTTP/ and two digits", section: "RFC 9112, section 2.3")
        }
        guard version[5] == 0x31, version[7] <= 0x31 else { throw .unsupportedVersion(String(decoding: version, as: UTF8.self)) }
        guard parts[1].count <= targetLimit else { throw .targetTooLong(limit: targetLimit) }
        return (method, try RequestTarget(parts[1], method: name), Int(version[7] - 0x30))
    }
}
