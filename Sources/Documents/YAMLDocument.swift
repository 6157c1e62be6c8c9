import Yams

/// YAML as plain values.
package enum YAMLDocument {
    // A configuration is a page of text with lists of numbers in it.
    private static let maximumSize = 64 << 10
    private static let maximumBrackets = 256
    private static let maximumIndent = 64
    private static let maximumDepth = 16

    /// Parses a document of a stranger. What could take more work to read than a configuration does is refused before the parser sees it:
    /// long texts, aliases (which multiply), and deep nesting (which recurses).
    ///
    /// - Throws: ``YAMLError``.
    package static func parse(_ bytes: [UInt8]) throws(YAMLError) -> JSON {
        guard bytes.count <= maximumSize else { throw YAMLError("\(bytes.count) bytes of YAML; at most \(maximumSize) are read") }
        // Editors of Windows begin a file with a byte order mark.
        let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        guard let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains("\0") else {
            throw YAMLError("the YAML is not UTF-8")
        }
        try check(text)
        return try parse(trusted: text)
    }

    /// Parses a document of whoever runs the server. A document without content is an empty object.
    ///
    /// - Throws: ``YAMLError``.
    package static func parse(trusted text: String) throws(YAMLError) -> JSON {
        let node: Node?
        do { node = try Yams.compose(yaml: text) } catch { throw YAMLError("not YAML: \("\(error)".prefix(300))") }
        return try node.map { node throws(YAMLError) in try value(node, depth: 0) } ?? .object([])
    }

    private static func check(_ text: String) throws(YAMLError) {
        // Line breaks to YAML, and a mark that it passes over, but nothing of the kind to the checks below.
        guard !text.unicodeScalars.contains(where: { ["\u{85}", "\u{2028}", "\u{2029}", "\u{FEFF}"].contains($0) }) else {
            throw YAMLError("the YAML has line breaks other than CR and LF, or a byte order mark")
        }
        var brackets = 0
        for line in text.utf8.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let indent = line.prefix { $0 == 0x20 }.count
            guard indent <= maximumIndent, !nests(line.dropFirst(indent)) else { throw YAMLError("the YAML is nested too deeply") }
            var previous = UInt8(ascii: " ")
            for (index, byte) in zip(line.indices, line) {
                if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { brackets += 1 }
                // Within a word they are letters; behind anything else they may begin something: {"a":*b}.
                // Alone between quotes they cannot have a name.
                let next = line[line.index(after: index)...].first
                let isQuoted = previous == next && (previous == UInt8(ascii: "\"") || previous == UInt8(ascii: "'"))
                guard isLetterOrDigit(previous) || isQuoted || (byte != UInt8(ascii: "&") && byte != UInt8(ascii: "*")) else {
                    throw YAMLError("the YAML has anchors or aliases (& and *), which are not read")
                }
                previous = byte
            }
        }
        guard brackets <= maximumBrackets else { throw YAMLError("the YAML is nested too deeply") }
    }

    /// Whether a line's content nests without a bracket or an indent, as "- - x", "-   ? x" and "? ? x" do.
    private static func nests(_ line: Substring.UTF8View) -> Bool {
        func opens(_ rest: Substring.UTF8View) -> Bool {
            guard let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "?") else { return false }
            return rest.dropFirst().first.map(isWhitespace) ?? true
        }
        guard opens(line) else { return false }
        return line.first == UInt8(ascii: "?") || opens(line.dropFirst().drop(while: isWhitespace))
    }

    private static func isWhitespace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        default: false
        }
    }

    private static func value(_ node: Node, depth: Int) throws(YAMLError) -> JSON {
        guard depth < maximumDepth else { throw YAMLError("the YAML is nested too deeply") }
        switch node {
        case .scalar(let scalar): return plain(node, scalar)
        case .sequence(let sequence):
            var items: [JSON] = []
            for item in sequence { items.append(try value(item, depth: depth + 1)) }
            return .array(items)
        case .mapping(let mapping):
            var members: [JSON.Member] = []
            for (key, item) in mapping {
                guard case .scalar(let name) = key else { throw YAMLError("a key of the YAML is no text") }
                members.append(JSON.Member(name.string, try value(item, depth: depth + 1)))
            }
            return .object(members)
        case .alias: throw YAMLError("the YAML has anchors or aliases (& and *), which are not read")
        }
    }

    /// Quoted text stays text; bare words are what YAML's core schema makes of them.
    private static func plain(_ node: Node, _ scalar: Node.Scalar) -> JSON {
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        if node.null != nil { return .null }
        if let bool = node.bool { return .bool(bool) }
        if let integer = node.int { return .integer(integer) }
        if let number = node.float, number.isFinite { return .double(number) }
        return .string(scalar.string)
    }
}
