import Documents

/// Reads the fields of one JSON object, collecting every error and every field that nobody asked for.
package struct ObjectReader {
    /// Errors that are told of one body: enough to mend it, and no more than a body of nothing but unknown fields deserves.
    package static let mostErrors = 100

    private let pointer: String
    /// What was not read yet. Names are told apart by their bytes, as the parser tells them.
    private var members: [JSON.Member]
    /// What was found wrong so far.
    package private(set) var errors: [FieldError] = []

    /// - Parameter pointer: where the object is in the body; empty for the body itself.
    package init(_ json: JSON, at pointer: String = "") {
        self.pointer = pointer
        if case .object(let found) = json {
            members = found
        } else {
            members = []
            errors.append(FieldError(pointer: pointer, detail: "must be an object"))
        }
    }

    /// Takes a field out; nil when it is absent or null.
    private mutating func take(_ name: String) -> JSON? {
        guard let index = index(of: name) else { return nil }
        let value = members.remove(at: index).value
        // A plain nil would be JSON's null here.
        return value == .null ? JSON?.none : value
    }

    private func index(of name: String) -> Int? { members.firstIndex { JSON.isSame($0.name, name) } }

    /// Whether a field is there and not null; a null is taken out.
    mutating func isGiven(_ name: String) -> Bool {
        guard let index = index(of: name) else { return false }
        if members[index].value == .null {
            members.remove(at: index)
            return false
        }
        return true
    }

    /// Those of some fields that are there and not null.
    func given(_ names: Set<String>) -> Set<String> {
        names.filter { name in index(of: name).map { members[$0].value != .null } ?? false }
    }

    /// Whether a field is there, be it null.
    func names(_ name: String) -> Bool { index(of: name) != nil }

    /// Whether a field is an object.
    func isObject(_ name: String) -> Bool {
        guard let index = index(of: name), case .object = members[index].value else { return false }
        return true
    }

    private func path(_ name: String) -> String { "\(pointer)/\(name)" }

    /// Notes that a field is wrong.
    package mutating func refuse(_ name: String, _ detail: String) {
        errors.append(FieldError(pointer: path(name), detail: detail))
    }

    /// Text of at most `limit` characters of Unicode; nil when absent. What a reader sees as one may be any number of them.
    mutating func text(_ name: String, limit: Int = 256) -> String? {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value, text.unicodeScalars.count <= limit else {
            refuse(name, "must be text of at most \(limit) characters")
            return nil
        }
        return text
    }

    /// What something is called; nil when absent.
    package mutating func name(_ name: String) -> String? {
        guard let text = text(name) else { return nil }
        if let trouble = GivenName.trouble(text) { refuse(name, trouble) }
        return text
    }

    /// Text that must be there.
    package mutating func requiredText(_ name: String, limit: Int = 256) -> String {
        guard isGiven(name) else {
            refuse(name, "is required")
            return ""
        }
        return text(name, limit: limit) ?? ""
    }

    /// One of the words of an enumeration.
    mutating func word<Word: RawRepresentable & CaseIterable>(_ name: String, default word: Word) -> Word where Word.RawValue == String {
        guard let value = take(name) else { return word }
        if case .string(let text) = value, let found = Word(rawValue: text) { return found }
        refuse(name, "must be one of " + Word.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))
        return word
    }

    /// One of the words of an enumeration; nil when absent.
    mutating func optionalWord<Word: RawRepresentable & CaseIterable>(_ name: String) -> Word? where Word.RawValue == String {
        guard isGiven(name), let first = Word.allCases.first else { return nil }
        return word(name, default: first)
    }

    /// A list of words of an enumeration, each once, in the enumeration's order.
    mutating func words<Word: RawRepresentable & CaseIterable & Equatable>(
        _ name: String, default words: [Word]
    ) -> [Word] where Word.RawValue == String {
        guard let value = take(name) else { return words }
        let known = Array(Word.allCases)
        if case .array(let items) = value, items.count <= known.count {
            let found = items.compactMap { item in if case .string(let text) = item { Word(rawValue: text) } else { nil } }
            if found.count == items.count { return known.filter { found.contains($0) } }
        }
        refuse(name, "must be a list of some of " + known.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))
        return words
    }

    /// A whole number in a range.
    mutating func integer(_ name: String, in range: ClosedRange<Int>, default number: Int) -> Int {
        guard let value = take(name) else { return number }
        if let found = value.integer, range.contains(found) { return found }
        refuse(name, Self.expected("a whole number", range))
        return number
    }

    /// A whole number in a range; nil when absent.
    mutating func optionalInteger(_ name: String, in range: ClosedRange<Int>) -> Int? {
        isGiven(name) ? integer(name, in: range, default: range.lowerBound) : nil
    }

    /// A whole number in a range; nil, and refused, where it is something else.
    ///
    /// - Parameter other: what else there may be in its place, for whoever gives neither.
    mutating func integer(_ name: String, in range: ClosedRange<Int>, instead other: String) -> Int? {
        if let found = take(name)?.integer, range.contains(found) { return found }
        refuse(name, "\(Self.expected("a whole number", range)), or \(other)")
        return nil
    }

    /// A list of whole numbers; nil when absent.
    mutating func integers(_ name: String, limit: Int) -> [Int]? {
        guard let value = take(name) else { return nil }
        guard case .array(let items) = value, items.count <= limit, case let numbers = items.compactMap(\.integer),
            numbers.count == items.count
        else {
            refuse(name, "must be a list of at most \(limit) whole numbers")
            return nil
        }
        return numbers
    }

    /// A number in a range.
    mutating func number(_ name: String, in range: ClosedRange<Double>, default number: Double) -> Double {
        guard let value = take(name) else { return number }
        if let found = value.double, range.contains(found) { return found }
        let kind = value.double == nil ? "a number " : ""
        refuse(name, "must be \(kind)between \(Self.short(range.lowerBound)) and \(Self.short(range.upperBound))")
        return number
    }

    /// A number in a range, where an explicit null means something of its own.
    mutating func numberOrNull(_ name: String, in range: ClosedRange<Double>, default number: Double) -> Double? {
        if let index = index(of: name), members[index].value == .null {
            members.remove(at: index)
            return nil
        }
        return self.number(name, in: range, default: number)
    }

    /// A number in a range; nil when it is left out or null.
    mutating func optionalNumber(_ name: String, in range: ClosedRange<Double>) -> Double? {
        isGiven(name) ? number(name, in: range, default: range.lowerBound) : nil
    }

    /// A number in a range, or a word in its place, which is nil.
    mutating func number(_ name: String, in range: ClosedRange<Double>, orNil word: String, default number: Double) -> Double? {
        guard let index = index(of: name), case .string(let text) = members[index].value else {
            return self.number(name, in: range, default: number)
        }
        members.remove(at: index)
        if text != word {
            refuse(name, "must be a number between \(Self.short(range.lowerBound)) and \(Self.short(range.upperBound)), or \"\(word)\"")
        }
        return nil
    }

    /// `true` or `false`.
    mutating func flag(_ name: String, default flag: Bool) -> Bool {
        guard let value = take(name) else { return flag }
        if case .bool(let found) = value { return found }
        refuse(name, "must be true or false")
        return flag
    }

    /// An object of texts; they and their names have at most 512 characters of Unicode.
    mutating func texts(_ name: String, limit: Int) -> JSON {
        guard let value = take(name) else { return .object([]) }
        guard case .object(let members) = value, members.count <= limit,
            members.allSatisfy({ Self.isShort(.string($0.name)) && Self.isShort($0.value) })
        else {
            refuse(name, "must be an object of at most \(limit) texts, they and their names of at most 512 characters")
            return .object([])
        }
        for member in members {
            if let trouble = GivenName.trouble(member.name) { refuse(name, "has a name that \(trouble)") }
        }
        return value
    }

    /// A part of the body with a reader of its own; nil when absent or null.
    mutating func object<Part>(_ name: String, _ read: (inout ObjectReader) -> Part) -> Part? {
        guard let value = take(name) else { return nil }
        var reader = ObjectReader(value, at: path(name))
        let part = read(&reader)
        errors += reader.finish()
        return part
    }

    /// A list of parts, each with a reader of its own; nil when absent or null.
    mutating func objects<Part>(_ name: String, limit: Int, _ read: (inout ObjectReader) -> Part) -> [Part]? {
        guard let value = take(name) else { return nil }
        guard case .array(let items) = value, items.count <= limit else {
            refuse(name, "must be a list of at most \(limit) objects")
            return nil
        }
        return items.enumerated().map { index, item in
            var reader = ObjectReader(item, at: "\(path(name))/\(index)")
            let part = read(&reader)
            errors += reader.finish()
            return part
        }
    }

    /// Refuses every field that was not read yet.
    mutating func refuseRest(_ detail: String) {
        for name in members.map(\.name).sorted().prefix(Self.mostErrors) { refuse(name, detail) }
        members = []
    }

    /// All errors, with one for every field that was not read.
    package mutating func finish() -> [FieldError] {
        refuseRest("is not a known field")
        return errors
    }

    private static func isShort(_ value: JSON) -> Bool {
        if case .string(let text) = value { text.unicodeScalars.count <= 512 } else { false }
    }

    private static func expected(_ what: String, _ range: ClosedRange<Int>) -> String {
        range.upperBound == Int.max
            ? "must be \(what), at least \(range.lowerBound)" : "must be \(what) between \(range.lowerBound) and \(range.upperBound)"
    }

    /// `0.95`, `0`, `1000000`: as a person would write it.
    private static func short(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : "\(number)"
    }
}
