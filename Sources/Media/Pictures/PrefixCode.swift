/// A canonical prefix code, as of deflate (RFC 1951, section 3.2.2), read bit by bit.
struct PrefixCode {
    /// How many words of each length there are.
    private var counts = [Int](repeating: 0, count: 16)
    /// By length, then by number.
    private let symbols: [Int]

    /// - Parameter lengths: of each symbol's word, at most 15 bits; 0 for symbols without one. Nil where no symbol has one.
    init?(_ lengths: [UInt8]) {
        symbols = lengths.indices.filter { lengths[$0] > 0 }.sorted { (lengths[$0], $0) < (lengths[$1], $1) }
        guard !symbols.isEmpty else { return nil }
        for symbol in symbols { counts[Int(lengths[symbol])] += 1 }
    }

    /// The next symbol; a code of one symbol takes no bits. Nil at the end, and for a word that the code does not have.
    func symbol(_ bits: inout LosslessWebPBits) -> Int? {
        guard symbols.count > 1 else { return symbols[0] }
        var (word, first, index) = (0, 0, 0)
        for length in 1...15 {
            guard let bit = bits.next(1) else { return nil }
            word |= bit
            if word - counts[length] < first { return symbols[index + word - first] }
            index += counts[length]
            first = (first + counts[length]) << 1
            word <<= 1
        }
        return nil
    }
}
