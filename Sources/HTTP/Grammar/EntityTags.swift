/// The condition of `If-Match` or `If-None-Match`: any, or one of these tags (RFC 9110, section 13.1).
struct EntityTags {
    private let isAny: Bool
    /// With their quotes, and `W/` where they are weak.
    private let tags: [String]

    /// Nil without the field. What is no list of tags matches nothing.
    init?(_ values: [String]) {
        guard !values.isEmpty else { return nil }
        isAny = values.count == 1 && values[0] == "*"
        tags = values.flatMap(Self.tags)
    }

    func containsStrongly(_ tag: String) -> Bool { isAny || tags.contains(tag) }

    func containsWeakly(_ tag: String) -> Bool { isAny || tags.contains { $0 == tag || $0 == "W/" + tag } }

    /// A tag may hold commas: quotes are followed.
    private static func tags(_ value: String) -> [String] {
        var tags: [String] = []
        let bytes = Array(value.utf8)
        var rest = bytes[...]
        while true {
            rest = rest.drop { $0 == 0x2C || ASCII.isWhitespace($0) }
            guard !rest.isEmpty else { return tags }
            let start = rest.startIndex
            if rest.starts(with: "W/".utf8) { rest = rest.dropFirst(2) }
            guard rest.first == 0x22, let end = rest.dropFirst().firstIndex(of: 0x22) else { return [] }
            tags.append(String(decoding: bytes[start...end], as: UTF8.self))
            rest = rest[(end + 1)...]
            guard rest.isEmpty || rest.first == 0x2C || ASCII.isWhitespace(rest[rest.startIndex]) else { return [] }
        }
    }
}
