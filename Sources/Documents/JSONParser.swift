extension JSON {
    /// Parses a document strictly (RFC 8259): UTF-8, no duplicate names, nothing but white space after the value. Takes time in proportion
    /// to the bytes.
    ///
    /// - Parameters:
    ///   - maximumDepth: how deeply arrays and objects may nest.
    ///   - maximumValues: how many values there may be in all, so that memory stays in proportion to a sane document.
    ///   - maximumMembers: how many members each object may have.
    /// - Throws: ``JSONError`` with the byte's offset.
    public init(
        parsing bytes: some Collection<UInt8>, maximumDepth: Int = 32, maximumValues: Int = 2_000_000, maximumMembers: Int = .max
    ) throws(JSONError) {
        var parser = JSONParser(bytes: Array(bytes), depth: maximumDepth, values: maximumValues, members: maximumMembers)
        self = try parser.document()
    }

    /// Bytes of memory that ``init(parsing:maximumDepth:maximumValues:maximumMembers:)`` takes at most, the bytes themselves included:
    /// a value and its name are some 100 bytes, in arrays that double as they grow, and its name is once more in a set meanwhile.
    public static func parsingCost(bytes: Int, maximumValues: Int) -> Int { 3 * bytes + min(bytes / 2 + 1, maximumValues) * 320 }
}

/// A member's name as the bytes it is written in. Swift's strings are equal when they look alike: two ways to write an é would be one name.
private struct ByteName: Hashable {
    let text: String

    static func == (a: ByteName, b: ByteName) -> Bool { JSON.isSame(a.text, b.text) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

/// A recursive-descent parser over bytes. It looks whether there is a next one before it reads it.
private struct JSONParser {
    let bytes: [UInt8]
    var depth: Int
    var values: Int
    let members: Int
    var position = 0

    /// Digits, point and exponent: of a double's shortest text 24 matter, of any double's exact value at most 1,079 are not zero.
    static let maximumNumber = 1100

    init(bytes: [UInt8], depth: Int, values: Int, members: Int) {
        self.bytes = bytes
        self.depth = depth
        self.values = values
        self.members = members
    }

    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    func failure(_ trouble: String) -> JSONError { JSONError(trouble: trouble, offset: position) }

    mutating func document() throws(JSONError) -> JSON {
        let result = try value()
        skipSpace()
        guard position == bytes.count else { throw failure("unexpected bytes after the document") }
        return result
    }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard next == byte else { throw failure("expected '\(Character(Unicode.Scalar(byte)))'") }
        position += 1
    }

    mutating func value() throws(JSONError) -> JSON {
        skipSpace()
        values -= 1
        guard values >= 0 else { throw failure("too many values") }
        guard let byte = next else { throw failure("unexpected end") }
        switch byte {
        case UInt8(ascii: "{"): return try nested(JSONParser.object)
        case UInt8(ascii: "["): return try nested(JSONParser.array)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw failure("unexpected byte")
        }
    }

    mutating func nested(_ parse: (inout JSONParser) throws(JSONError) -> JSON) throws(JSONError) -> JSON {
        guard depth > 0 else { throw failure("nested too deeply") }
        depth -= 1
        position += 1
        let result = try parse(&self)
        depth += 1
        return result
    }

    static func object(_ parser: inout JSONParser) throws(JSONError) -> JSON {
        var members: [JSON.Member] = []
        var names: Set<ByteName> = []
        parser.skipSpace()
        if parser.next == UInt8(ascii: "}") {
            parser.position += 1
            return .object([])
        }
        while true {
            parser.skipSpace()
            let start = parser.position
            let name = try parser.string()
            guard names.insert(ByteName(text: name)).inserted else {
                throw JSONError(trouble: "duplicate name '\(name.prefix(200))'", offset: start)
            }
            guard names.count <= parser.members else {
                throw JSONError(trouble: "an object with more than \(parser.members) members", offset: start)
            }
            parser.skipSpace()
            try parser.expect(UInt8(ascii: ":"))
            members.append(JSON.Member(name, try parser.value()))
            parser.skipSpace()
            if parser.next == UInt8(ascii: ",") {
                parser.position += 1
            } else {
                try parser.expect(UInt8(ascii: "}"))
                return .object(members)
            }
        }
    }

    static func array(_ parser: inout JSONParser) throws(JSONError) -> JSON {
        var items: [JSON] = []
        parser.skipSpace()
        if parser.next == UInt8(ascii: "]") {
            parser.position += 1
            return .array([])
        }
        while true {
            items.append(try parser.value())
            parser.skipSpace()
            if parser.next == UInt8(ascii: ",") {
                parser.position += 1
            } else {
                try parser.expect(UInt8(ascii: "]"))
                return .array(items)
            }
        }
    }

    mutating func word(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let matches = text.withUTF8Buffer { bytes[position...].starts(with: $0) }
        guard matches else { throw failure("unexpected word") }
        position += text.utf8CodeUnitCount
        return value
    }

    mutating func digits() throws(JSONError) {
        guard let byte = next, isDigit(byte) else { throw failure("expected a digit") }
        while let byte = next, isDigit(byte) { position += 1 }
    }

    func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    // RFC 8259 section 6: an integer part without leading zeros, then an optional fraction and exponent.
    mutating func number() throws(JSONError) -> JSON {
        let start = position
        if next == UInt8(ascii: "-") { position += 1 }
        if next == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits()
        }
        if next == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        guard position - start <= Self.maximumNumber else {
            throw failure("a number of more than \(Self.maximumNumber) characters")
        }
        return .number(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    mutating func string() throws(JSONError) -> String {
        try expect(UInt8(ascii: "\""))
        var text: [UInt8] = []
        while true {
            guard let byte = next else { throw failure("unterminated string") }
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let result = String(validating: text, as: UTF8.self) else { throw failure("string is not UTF-8") }
                return result
            case UInt8(ascii: "\\"): text.append(contentsOf: String(try escape()).utf8)
            case 0..<0x20: throw failure("control character in string")
            default: text.append(byte)
            }
        }
    }

    mutating func escape() throws(JSONError) -> Unicode.Scalar {
        guard let byte = next else { throw failure("unterminated string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let unit = try hexadecimal()
            if let scalar = Unicode.Scalar(unit) { return scalar }
            // RFC 8259 section 7: characters beyond the basic plane are written as a surrogate pair.
            guard unit < 0xDC00 else { throw failure("lone surrogate") }
            try expect(UInt8(ascii: "\\"))
            try expect(UInt8(ascii: "u"))
            let low = try hexadecimal()
            guard low >= 0xDC00, low < 0xE000, let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)) else {
                throw failure("lone surrogate")
            }
            return scalar
        default: throw failure("unknown escape")
        }
    }

    mutating func hexadecimal() throws(JSONError) -> UInt32 {
        var result: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw failure("expected four hexadecimal digits")
            }
            position += 1
            result = result << 4 | UInt32(digit)
        }
        return result
    }
}
