import Documents
import Foundation

/// Reads typed, bounded values from a diffusers configuration and remembers which keys were asked for.
///
/// An absent key takes diffusers' default. Bounds are checked here because the engine's arithmetic is not.
struct ConfigurationReader {
    let document: JSON
    private(set) var known: Set<String> = []

    init(json: Data) throws(ConfigurationError) {
        let document: JSON
        do { document = try JSON(parsing: json, maximumValues: 10_000) } catch { throw .notJSON(error.explained(in: json)) }
        try self.init(document: document)
    }

    /// Of a document that has been parsed.
    init(document: JSON) throws(ConfigurationError) {
        self.document = document
        guard case .object = document else { throw .notJSON("expected an object, found \(Self.shown(document))") }
    }

    /// A value cut short enough for an error message.
    static func shown(_ value: JSON) -> String {
        let text = value.compact
        return text.count <= 80 ? text : text.prefix(77) + "..."
    }

    /// The key's value; nil when absent or null.
    mutating func value(_ key: String) -> JSON? {
        known.insert(key)
        let value = document[key]
        return value == .null ? nil : value
    }

    /// Whether the key is present with the value null.
    func isNull(_ key: String) -> Bool { document[key] == .null }

    func invalid(_ key: String, expected: String, found: JSON) -> ConfigurationError {
        .invalid(key: key, expected: expected, found: Self.shown(found))
    }

    /// A whole number within bounds; nil when the key is absent or null.
    mutating func integer(_ key: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
        guard let value = value(key) else { return nil }
        guard let integer = value.integer, range.contains(integer) else {
            throw invalid(key, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)", found: value)
        }
        return integer
    }

    /// A whole number within bounds, or its default; null is refused.
    mutating func integer(_ key: String, in range: ClosedRange<Int>, default fallback: Int) throws(ConfigurationError) -> Int {
        try refuseNull(key, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        return try integer(key, in: range) ?? fallback
    }

    /// A number within bounds, or its default; null is refused.
    mutating func number(_ key: String, in range: ClosedRange<Double>, default fallback: Double) throws(ConfigurationError) -> Double {
        let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
        try refuseNull(key, expected: expected)
        guard let value = value(key) else { return fallback }
        guard let number = value.double, range.contains(number) else { throw invalid(key, expected: expected, found: value) }
        return number
    }

    /// `true` or `false`, or its default; null is refused.
    mutating func bool(_ key: String, default fallback: Bool) throws(ConfigurationError) -> Bool {
        try refuseNull(key, expected: "true or false")
        guard let value = value(key) else { return fallback }
        guard case .bool(let bool) = value else { throw invalid(key, expected: "true or false", found: value) }
        return bool
    }

    /// One of the words that are supported, or its default; null counts as absent.
    mutating func word(_ key: String, oneOf words: [String], default fallback: String) throws(ConfigurationError) -> String {
        guard let value = value(key) else { return fallback }
        guard case .string(let word) = value, words.contains(word) else {
            throw invalid(key, expected: words.map { "\"\($0)\"" }.joined(separator: " or "), found: value)
        }
        return word
    }

    /// A list of 1…`maximumCount` items, or its default when absent; null is refused.
    mutating func list<Item>(
        _ key: String, maximumCount: Int, of expected: String, default fallback: [Item], _ item: (JSON) -> Item?
    ) throws(ConfigurationError) -> [Item] {
        try refuseNull(key, expected: "a list of \(expected)")
        guard let value = value(key) else { return fallback }
        guard case .array(let values) = value, (1...maximumCount).contains(values.count) else {
            throw invalid(key, expected: "a list of 1 to \(maximumCount) entries", found: value)
        }
        var items: [Item] = []
        for (index, value) in values.enumerated() {
            guard let item = item(value) else { throw invalid("\(key)[\(index)]", expected: expected, found: value) }
            items.append(item)
        }
        return items
    }

    /// Refuses a key that is set to anything but null.
    mutating func requireNull(_ key: String) throws(ConfigurationError) {
        if let value = value(key) { throw invalid(key, expected: "null (not supported)", found: value) }
    }

    private func refuseNull(_ key: String, expected: String) throws(ConfigurationError) {
        if isNull(key) { throw invalid(key, expected: expected, found: .null) }
    }

    /// A warning for every key that nobody asked for; names that start with `_` are diffusers' own notes.
    func unknownKeyWarnings(besides ignored: Set<String> = []) -> [Warning] {
        guard case .object(let members) = document else { return [] }
        return members.map(\.name).filter { !$0.hasPrefix("_") && !known.contains($0) && !ignored.contains($0) }
            .map { Warning(.unknownKey, "unknown configuration key \($0.prefix(100)) is ignored") }
    }
}
