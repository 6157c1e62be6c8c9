/// A field value with parameters: `form-data; name="weights"; filename="a b.bin"` (RFC 9110, section 5.6.6).
struct HeaderParameters: Equatable {
    /// What stands before the first semicolon, in lower case.
    let value: String
    /// By name in lower case.
    let parameters: [String: String]

    /// Nil for what does not follow the grammar, and for a parameter given twice.
    init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        let end = rest.firstIndex(of: 0x3B) ?? rest.endIndex
        value = String(decoding: ASCII.trimmed(rest[..<end]), as: UTF8.self).lowercased()
        guard !value.isEmpty else { return nil }
        rest = rest[end...]
        var parameters: [String: String] = [:]
        while rest.first == 0x3B {
            rest = rest.dropFirst().drop(while: ASCII.isWhitespace)
            // A semicolon may stand before another, or at the end.
            if rest.isEmpty || rest.first == 0x3B { continue }
            let name = rest.prefix(while: ASCII.isTokenCharacter)
            rest = rest.dropFirst(name.count)
            guard !name.isEmpty, rest.first == 0x3D else { return nil }
            rest = rest.dropFirst()
            guard let bytes = Self.value(&rest), let text = String(validating: bytes, as: UTF8.self) else { return nil }
            guard parameters.updateValue(text, forKey: String(decoding: name, as: UTF8.self).lowercased()) == nil else { return nil }
            rest = rest.drop(while: ASCII.isWhitespace)
        }
        guard rest.isEmpty else { return nil }
        self.parameters = parameters
    }

    /// A token or a quoted string. Only `\"` and `\\` are escapes: browsers write backslashes as they are.
    private static func value(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        guard rest.first == 0x22 else {
            let token = rest.prefix(while: ASCII.isTokenCharacter)
            rest = rest.dropFirst(token.count)
            return token.isEmpty ? nil : Array(token)
        }
        rest = rest.dropFirst()
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == 0x22 { return bytes }
            if byte == 0x5C, let next = rest.first, next == 0x22 || next == 0x5C {
                bytes.append(next)
                rest = rest.dropFirst()
            } else {
                bytes.append(byte)
            }
        }
        return nil
    }
}
