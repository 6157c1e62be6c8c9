/// Where a request goes: path and query (RFC 9112, section 3.2), decoded once.
package struct RequestTarget: Sendable, Equatable {
    /// One `name=value` of the query, percent-decoded, `+` read as a space.
    package struct QueryItem: Sendable, Equatable {
        package let name: String
        package let value: String
    }

    /// The path as it came.
    package let path: String
    /// The path's segments, percent-decoded. None is `.` or `..`, none holds `/` or NUL.
    package let segments: [String]
    /// The query's parameters, in order.
    package let query: [QueryItem]
    /// Path and query as they came.
    package let text: String
    /// The host of an absolute target.
    let authority: String?

    /// Reads a request target.
    /// - Parameter bytes: visible ASCII only, as the parser lets through.
    package init(_ bytes: some Collection<UInt8>, method: String) throws(HTTPError) {
        let bytes = Array(bytes)
        var rest = bytes[...]
        var authority: String?
        if method == "CONNECT" {
            throw .notImplemented("this is no proxy", section: "RFC 9110, section 9.3.6")
        } else if bytes == [0x2A] {
            guard method == "OPTIONS" else {
                throw .malformed("the target * is for OPTIONS only", section: "RFC 9112, section 3.2.4")
            }
        } else if String(decoding: bytes.prefix(7), as: UTF8.self).lowercased() == "http://" {
            rest = bytes.dropFirst(7)
            let end = rest.firstIndex { $0 == 0x2F || $0 == 0x3F } ?? rest.endIndex
            let text = String(decoding: rest[..<end], as: UTF8.self)
            guard Host(text) != nil else {
                throw .malformed("the target's host is not valid", section: "RFC 9110, section 4.2.1")
            }
            authority = text
            rest = rest[end...]
            // An absolute target may leave the path out (RFC 9110, section 4.2.3).
            if rest.first != 0x2F { rest = [0x2F] + rest }
        } else if bytes.first != 0x2F {
            throw .malformed("the target is neither a path nor an http URI", section: "RFC 9112, section 3.2")
        }
        // Browsers send some characters as they are that RFC 3986 wants encoded; these are never harmless.
        guard rest.allSatisfy(Self.isHarmless) else {
            throw .malformed("the target has a character that must be percent-encoded", section: "RFC 3986, section 3.3")
        }
        self.authority = authority
        text = String(decoding: rest, as: UTF8.self)
        let question = rest.firstIndex(of: 0x3F)
        let path = rest[..<(question ?? rest.endIndex)]
        self.path = String(decoding: path, as: UTF8.self)
        segments = try Self.segments(of: path)
        query = try question.map { question throws(HTTPError) in try Self.items(of: rest[(question + 1)...]) } ?? []
    }

    private static func isHarmless(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x22, 0x23, 0x3C, 0x3E, 0x5C: false
        default: byte > 0x20 && byte < 0x7F
        }
    }

    private static func segments(of path: ArraySlice<UInt8>) throws(HTTPError) -> [String] {
        var segments: [String] = []
        // Drops the leading slash (or the one character of the target `*`).
        for segment in path.dropFirst().split(separator: 0x2F, omittingEmptySubsequences: false) {
            let bytes = try decode(segment, plusIsSpace: false)
            // Decoded, these would name another resource than the one that was looked at on the way here.
            guard !bytes.contains(0x2F) else { throw .malformed("a path segment has an encoded slash", section: "RFC 3986, section 2.2") }
            guard bytes != [0x2E], bytes != [0x2E, 0x2E] else {
                throw .malformed("the path has a dot segment", section: "RFC 3986, section 3.3")
            }
            segments.append(try text(bytes))
        }
        return segments
    }

    private static func items(of query: ArraySlice<UInt8>) throws(HTTPError) -> [QueryItem] {
        var items: [QueryItem] = []
        for pair in query.split(separator: 0x26) {
            let equals = pair.firstIndex(of: 0x3D) ?? pair.endIndex
            let name = try text(decode(pair[..<equals], plusIsSpace: true))
            let value = try text(decode(pair[equals...].dropFirst(), plusIsSpace: true))
            items.append(QueryItem(name: name, value: value))
        }
        return items
    }

    private static func decode(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool) throws(HTTPError) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            switch bytes[index] {
            case 0x25:
                guard index + 2 < bytes.endIndex, let high = ASCII.hexValue(bytes[index + 1]), let low = ASCII.hexValue(bytes[index + 2])
                else {
                    throw .malformed("a percent sign is not followed by two hexadecimal digits", section: "RFC 3986, section 2.1")
                }
                decoded.append(high << 4 | low)
                index += 3
            case 0x2B where plusIsSpace:
                decoded.append(ASCII.space)
                index += 1
            case let byte:
                decoded.append(byte)
                index += 1
            }
        }
        return decoded
    }

    private static func text(_ bytes: [UInt8]) throws(HTTPError) -> String {
        guard !bytes.contains(0) else { throw .malformed("the target has an encoded NUL", section: "RFC 3986, section 7.3") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .malformed("the target is not UTF-8 when decoded", section: "RFC 3986, section 2.5")
        }
        return text
    }
}
