/// The one range of bytes that a request asks for (RFC 9110, section 14.1.2).
struct ByteRange: Equatable {
    private enum Kind: Equatable {
        case from(Int64, to: Int64)
        case last(Int64)
    }

    private let kind: Kind

    /// Nil for what is overlooked (section 14.2): no range, another unit, wrong syntax, and several ranges at once.
    init?(_ values: [String]) {
        guard values.count == 1 else { return nil }
        let bytes = Array(values[0].utf8)
        guard String(decoding: bytes.prefix(6), as: UTF8.self).lowercased() == "bytes=" else { return nil }
        let range = ASCII.trimmed(bytes.dropFirst(6))
        guard let dash = range.firstIndex(of: 0x2D) else { return nil }
        guard dash > range.startIndex else {
            guard let count = Self.number(range[(dash + 1)...]) else { return nil }
            kind = .last(count)
            return
        }
        guard let first = Self.number(range[..<dash]) else { return nil }
        let end = range[(dash + 1)...]
        guard let last = end.isEmpty ? .max : Self.number(end), first <= last else { return nil }
        kind = .from(first, to: last)
    }

    /// The positions in a content of `length` bytes; nil when it has none of them.
    func within(_ length: Int64) -> ClosedRange<Int64>? {
        switch kind {
        case .from(let first, let last): first < length ? first...min(last, length - 1) : nil
        case .last(let count): count > 0 && length > 0 ? max(0, length - count)...(length - 1) : nil
        }
    }

    /// A position: digits only; one too large for us lies behind every content all the same.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy(ASCII.isDigit) else { return nil }
        return ASCII.decimal(digits.drop { $0 == 0x30 }.isEmpty ? digits.suffix(1) : digits.drop { $0 == 0x30 }) ?? .max
    }
}
