extension JSONError {
    /// What is wrong as whoever wrote the text finds it: its line and column, counted from 1 in characters, and what stands there; or what the
    /// whole text is that is no JSON.
    ///
    /// - Parameter bytes: the text in which the error was found.
    public func explained(in bytes: some Collection<UInt8>) -> String {
        let bytes = Array(bytes)
        if let whole = Self.nature(of: bytes) { return whole }
        if let marker = Self.mergeMarker(bytes) { return marker }
        let (line, column) = Self.place(of: offset, in: bytes)
        let rest = Self.text(bytes[min(offset, bytes.count)...])
        let sign = offset > 0 && bytes[min(offset, bytes.count) - 1] == UInt8(ascii: "-") ? "-" : ""
        return "line \(line), column \(column): \(Self.reading(sign + rest) ?? plain(rest))"
    }

    /// The trouble, and what stands there.
    private func plain(_ rest: String) -> String { rest.isEmpty ? trouble : "\(trouble), found \"\(rest)\"" }

    /// What a text is as a whole that is no JSON from its first byte on.
    private static func nature(of bytes: [UInt8]) -> String? {
        if bytes.allSatisfy({ $0 == 0x20 || (0x09...0x0D).contains($0) }) { return "it is empty" }
        if let name = Placeholder.name(bytes.prefix(512)) { return "it is \(name)" }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return "it begins with a byte order mark: save it as UTF-8 without one" }
        let head = bytes.prefix(64)
        if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) || head.contains(0) && head.contains(UInt8(ascii: "{")) {
            return "it is UTF-16 or UTF-32: save it as UTF-8"
        }
        return nil
    }

    /// Says where Git has left both sides of a merge.
    private static func mergeMarker(_ bytes: [UInt8]) -> String? {
        // Line by line in place: a body of nothing but line ends would make as many slices.
        var (number, rest) = (1, bytes[...])
        while rest.count > 7 {
            for sign in "<>".utf8 where rest[rest.startIndex + 7] == 0x20 && rest.prefix(7).allSatisfy({ $0 == sign }) {
                return "line \(number) is a merge conflict marker, of a merge that was not finished: \(text(rest))"
            }
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            rest = rest[(end + 1)...]
            number += 1
        }
        return nil
    }

    /// Line and column of a byte.
    private static func place(of offset: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
        let before = bytes.prefix(offset)
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        // A byte that goes on with a character is none of its own.
        let characters = before[start...].count { $0 & 0xC0 != 0x80 }
        return (before.count { $0 == UInt8(ascii: "\n") } + 1, characters + 1)
    }

    /// The beginning of a line, fit to be shown.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        let shown = String(decoding: line.prefix(120), as: UTF8.self).unicodeScalars.prefix(30)
        return shown.reduce(into: "") { $0 += $1.value < 0x20 || $1.value == 0x7F ? $1.escaped(asASCII: true) : String($1) }
    }

    /// What is often written in JSON's place.
    private static func reading(_ rest: String) -> String? {
        for word in ["NaN", "-Infinity", "Infinity"] where rest.hasPrefix(word) {
            return "\(word) is no JSON, though Python writes it: put a number or null"
        }
        for (word, json) in [("None", "null"), ("True", "true"), ("False", "false")] where rest.hasPrefix(word) {
            return "\(word) is Python's, JSON has \(json)"
        }
        if rest.hasPrefix("//") || rest.hasPrefix("/*") || rest.hasPrefix("#") { return "JSON has no comments: \(rest)" }
        if rest.hasPrefix("'") { return "JSON has its texts in double quotes: \(rest)" }
        return nil
    }
}
