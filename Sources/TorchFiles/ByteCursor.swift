/// A walk over bytes that checks every step: a read that does not fit gives nil and moves nothing.
struct ByteCursor {
    let bytes: [UInt8]
    private(set) var position: Int

    init(_ bytes: [UInt8], at position: Int = 0) {
        self.bytes = bytes
        self.position = max(0, min(position, bytes.count))
    }

    var remaining: Int { bytes.count - position }

    /// The next byte.
    mutating func byte() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    /// An unsigned little-endian number of at most 8 bytes.
    mutating func number(_ count: Int) -> UInt64? {
        guard (0...8).contains(count), count <= remaining else { return nil }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
        position += count
        return value
    }

    /// An unsigned little-endian number that must fit an `Int`.
    mutating func integer(_ count: Int) -> Int? { number(count).flatMap { Int(exactly: $0) } }

    /// The range of the next `count` bytes, which are passed over.
    mutating func span(_ count: Int) -> Range<Int>? {
        guard count >= 0, count <= remaining else { return nil }
        defer { position += count }
        return position..<position + count
    }

    /// The range of bytes up to a newline, which is passed over too; nil where there is none within `limit` bytes.
    mutating func line(limit: Int) -> Range<Int>? {
        let end = bytes[position...].prefix(limit + 1).firstIndex(of: UInt8(ascii: "\n"))
        guard let end else { return nil }
        defer { position = end + 1 }
        return position..<end
    }
}
