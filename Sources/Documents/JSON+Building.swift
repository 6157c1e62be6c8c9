extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    public init(integerLiteral value: Int) { self = .integer(value) }
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// `null`.
    public init(nilLiteral: ()) { self = .null }
    /// An array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// An object; its members keep their order.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }

    /// A number in the shortest digits that give it back; `null` when it is not finite, which JSON cannot say.
    public static func double(_ value: Double) -> JSON {
        guard value.isFinite else { return .null }
        return value == value.rounded() && abs(value) < 1e15 ? .number(String(Int(value)) + ".0") : .number("\(value)")
    }

    /// A string, or `null`.
    public static func optional(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }

    /// A number, or `null`.
    public static func optional(_ value: Double?) -> JSON { value.map(JSON.double) ?? .null }

    /// A whole number, or `null`.
    public static func optional(_ value: Int?) -> JSON { value.map(JSON.integer) ?? .null }

    /// An object's members and some more.
    public func adding(_ members: [Member]) -> JSON {
        guard case .object(let own) = self else { return self }
        return .object(own + members)
    }
}
