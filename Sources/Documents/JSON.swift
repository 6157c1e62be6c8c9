import Foundation

/// A JSON document (RFC 8259) as it was written: members keep their order, numbers keep their digits.
///
/// Configurations and safetensors headers come from strangers and go back to diffusers, so reading is strict (no duplicate
/// names, no trailing bytes, bounded depth and size) and writing changes nothing that was not asked for.
public enum JSON: Sendable, Equatable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number, as its literal text.
    case number(String)
    /// A string, unescaped.
    case string(String)
    /// An array.
    case array([JSON])
    /// An object, its members in order and with distinct names.
    case object([Member])

    /// One name and value of an object.
    public struct Member: Sendable, Equatable {
        /// The member's name, unescaped.
        public var name: String
        /// The member's value.
        public var value: JSON

        /// Pairs a name with a value.
        public init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// A whole number.
    public static func integer(_ value: Int) -> JSON { .number(String(value)) }

    /// An array of whole numbers.
    public static func integers(_ values: [Int]) -> JSON { .array(values.map(integer)) }

    /// The value of an object's member; nil when there is none or this is no object. Names are compared byte by byte.
    public subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { Self.isSame($0.name, name) }?.value
    }

    /// Whether two texts have the same bytes. `==` compares what they look like.
    public static func isSame(_ a: String, _ b: String) -> Bool { a.utf8.count == b.utf8.count && a.utf8.elementsEqual(b.utf8) }

    /// The number as an integer; nil when this is no number or not a whole one in range. `2.0` and `1e3` are whole.
    public var integer: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
    }

    /// The number as a double; nil when this is no number, infinite when its digits exceed the range.
    public var double: Double? {
        guard case .number(let text) = self else { return nil }
        return Double(text)
    }

    /// Replaces the values of an object's members in place; names it does not have yet are appended in alphabetical order.
    public func replacing(_ changes: [String: JSON]) -> JSON {
        guard case .object(var members) = self else { return self }
        for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
            if let index = members.firstIndex(where: { Self.isSame($0.name, name) }) {
                members[index].value = value
            } else {
                members.append(Member(name, value))
            }
        }
        return .object(members)
    }

    /// An object without some of its members; anything else as it is.
    public func removing(_ names: [String]) -> JSON {
        guard case .object(let members) = self else { return self }
        return .object(members.filter { member in !names.contains { Self.isSame(member.name, $0) } })
    }

    /// The document on one line, without spaces.
    public var compact: String {
        var text = ""
        write(to: &text, indent: nil)
        return text
    }

    /// The document on lines indented by two spaces, as diffusers writes its configurations.
    public var pretty: String {
        var text = ""
        write(to: &text, indent: 0)
        return text + "\n"
    }

    private func write(to text: inout String, indent: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let digits): text += digits
        case .string(let value): JSON.quote(value, to: &text)
        case .array(let values):
            JSON.list(values, "[", "]", to: &text, indent: indent) { value, text, indent in value.write(to: &text, indent: indent) }
        case .object(let members):
            JSON.list(members, "{", "}", to: &text, indent: indent) { member, text, indent in
                JSON.quote(member.name, to: &text)
                text += indent == nil ? ":" : ": "
                member.value.write(to: &text, indent: indent)
            }
        }
    }

    private static func list<Item>(
        _ items: [Item], _ open: String, _ close: String, to text: inout String, indent: Int?,
        _ writeItem: (Item, inout String, Int?) -> Void
    ) {
        text += open
        for (index, item) in items.enumerated() {
            if index > 0 { text += "," }
            if let indent { text += "\n" + String(repeating: " ", count: indent + 2) }
            writeItem(item, &text, indent.map { $0 + 2 })
        }
        if let indent, !items.isEmpty { text += "\n" + String(repeating: " ", count: indent) }
        text += close
    }

    private static func quote(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20:
                let hexadecimal = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
