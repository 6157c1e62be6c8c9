/// The chunks of a WebP file, one after the other, as far as they are whole (RFC 9649, section 2.3).
struct WebPChunks: Sequence, IteratorProtocol {
    /// One of them.
    struct Chunk {
        /// Four letters.
        let name: String
        /// Where its bytes are in the file.
        let content: Range<Int>
    }

    private let bytes: [UInt8]
    private let end: Int
    private var place = 12

    /// - Parameter bytes: a file that begins as WebP.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        end = Swift.min(bytes.count, 8 + Self.number(bytes, at: 4))
    }

    mutating func next() -> Chunk? {
        guard place + 8 <= end else { return nil }
        let start = place + 8
        let length = Self.number(bytes, at: place + 4)
        guard length <= end - start else { return nil }
        defer { place = start + length + length % 2 }
        return Chunk(name: String(decoding: bytes[place..<place + 4], as: UTF8.self), content: start..<start + length)
    }

    /// Four bytes, the last one first; 0 beyond the file.
    private static func number(_ bytes: [UInt8], at place: Int) -> Int {
        guard place + 4 <= bytes.count else { return 0 }
        return (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
    }
}
