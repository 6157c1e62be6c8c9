import HTTPTypes

/// One field line of a head, of a chunked body's trailers or of a multipart part (RFC 9112, section 5).
enum FieldLine {
    /// The field in a line without its CRLF.
    static func parse(_ line: [UInt8]) throws(HTTPError) -> HTTPField {
        if let first = line.first, ASCII.isWhitespace(first) {
            throw .malformed("a field line begins with white space", section: "RFC 9112, section 5.2")
        }
        guard let colon = line.firstIndex(of: 0x3A) else {
            throw .malformed("a field line has no colon", section: "RFC 9112, section 5")
        }
        let name = line[..<colon]
        if let last = name.last, ASCII.isWhitespace(last) {
            throw .malformed("there is white space before a field's colon", section: "RFC 9112, section 5.1")
        }
        guard ASCII.isToken(name), let fieldName = HTTPField.Name(String(decoding: name, as: UTF8.self)) else {
            throw .malformed("a field's name is no token", section: "RFC 9110, section 5.1")
        }
        let value = ASCII.trimmed(line[(colon + 1)...])
        guard value.allSatisfy(ASCII.isFieldValueCharacter) else {
            throw .malformed("the value of \(fieldName) has a control character", section: "RFC 9110, section 5.5")
        }
        return HTTPField(name: fieldName, lenientValue: value)
    }

    /// The members of a comma-separated list in the values of a field, lower-cased, empty ones left out (RFC 9110, section 5.6.1).
    static func list(_ values: [String]) -> [String] {
        values.flatMap { $0.utf8.split(separator: 0x2C) }
            .map { String(decoding: ASCII.trimmed(ArraySlice($0)), as: UTF8.self).lowercased() }
            .filter { !$0.isEmpty }
    }
}
