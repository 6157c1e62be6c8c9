/// The bits of a lossless WebP stream, the lowest of each byte first.
struct LosslessWebPBits {
    private let bytes: ArraySlice<UInt8>
    /// In bits.
    private var place = 0

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    /// The next few bits, at most 32, the first one lowest; nil where there are not so many.
    mutating func next(_ count: Int) -> Int? {
        guard place + count <= 8 * bytes.count else { return nil }
        var value = 0
        for index in 0..<count {
            value |= Int(bytes[bytes.startIndex + place >> 3] >> UInt8(place & 7) & 1) << index
            place += 1
        }
        return value
    }
}
