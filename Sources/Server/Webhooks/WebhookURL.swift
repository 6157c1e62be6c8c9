import HTTP

/// What may be a webhook's URL: of the many forms that parsers read differently, none.
package enum WebhookURL {
    /// Characters at most.
    static let limit = 2048

    /// What is wrong with a URL; nil when nothing is.
    package static func trouble(_ text: String) -> String? {
        do throws(Trouble) {
            _ = try host(text)
            return nil
        } catch {
            return error.text
        }
    }

    /// Whether it leads to an address that is not public, as far as that can be seen from the URL. What a name leads to is seen when it
    /// is connected to.
    package static func isPlainlyPrivate(_ text: String) -> Bool {
        guard let host = try? host(text) else { return true }
        let name = host.lowercased().split(separator: ".").last.map(String.init) ?? ""
        return name == "localhost" || PublicAddress.contains(literal: host) == false
    }

    private struct Trouble: Error {
        let text: String
    }

    /// The host, an address of IPv6 without its brackets.
    private static func host(_ text: String) throws(Trouble) -> String {
        let bytes = Array(text.utf8)
        // Some read a backslash as a slash; a fragment is not sent.
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "#") }) else {
            throw Trouble(text: "must be visible ASCII without a backslash or a fragment")
        }
        let lower = text.lowercased()
        guard let scheme = ["http://", "https://"].first(where: lower.hasPrefix) else {
            throw Trouble(text: "must begin with http:// or https://")
        }
        let rest = bytes.dropFirst(scheme.utf8.count)
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        guard !authority.contains(UInt8(ascii: "@")) else { throw Trouble(text: "must not have a user name or a password") }
        guard let host = Host(String(decoding: authority, as: UTF8.self)), !host.name.isEmpty else {
            throw Trouble(text: "must have a host, with a port between 1 and 65535 if any")
        }
        guard host.port != 0, authority.last != UInt8(ascii: ":") else {
            throw Trouble(text: "must have a port between 1 and 65535 if any")
        }
        if host.name.hasPrefix("[") {
            let literal = String(host.name.dropFirst().dropLast())
            guard literal.contains(":"), PublicAddress.contains(literal: literal) != nil else {
                throw Trouble(text: "has no valid IPv6 address in its brackets")
            }
            return literal
        }
        let isName = host.name.utf8.allSatisfy {
            ASCII.isAlpha($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
        }
        guard isName, host.name.utf8.count <= 253 else { throw Trouble(text: "has no host name of letters, digits, hyphens and dots") }
        return host.name
    }
}
