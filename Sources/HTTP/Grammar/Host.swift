/// A host with an optional port, as in the field `Host` (RFC 9110, section 7.2) or an `http` URI.
package struct Host: Equatable {
    /// In lower case; IPv6 addresses in their brackets.
    package let name: String
    /// Nil when it is left out.
    package let port: Int?

    /// Nil for what is no `uri-host [ ":" port ]` (RFC 3986, section 3.2); an empty host is none for `http` (RFC 9110, section 4.2.1).
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        let end: Int
        if bytes.first == 0x5B {
            guard let bracket = bytes.firstIndex(of: 0x5D), bracket > 2 else { return nil }
            guard bytes[1..<bracket].allSatisfy({ ASCII.hexValue($0) != nil || $0 == 0x3A || $0 == 0x2E }) else { return nil }
            end = bracket + 1
        } else {
            end = bytes.firstIndex(of: 0x3A) ?? bytes.count
            guard end > 0 else { return nil }
            let isHostCharacter = { ASCII.isAlpha($0) || ASCII.isDigit($0) || "-._~%!$&'()*+,;=".utf8.contains($0) }
            guard bytes[..<end].allSatisfy(isHostCharacter) else { return nil }
        }
        name = String(decoding: bytes[..<end], as: UTF8.self).lowercased()
        guard end < bytes.count else {
            port = nil
            return
        }
        guard bytes[end] == 0x3A else { return nil }
        let digits = bytes[(end + 1)...]
        guard !digits.isEmpty else {
            port = nil
            return
        }
        guard digits.count <= 5, let value = ASCII.decimal(digits), value <= 65535 else { return nil }
        port = Int(value)
    }
}
