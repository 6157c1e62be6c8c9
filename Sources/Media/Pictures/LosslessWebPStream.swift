/// A lossless WebP stream, read as far as it tells what memory its decoding takes (RFC 9649, sections 3.5 to 3.7).
///
/// Each group of prefix codes has tables in libwebp, and a small file may ask for 65,536 groups. How many there may be stands behind the
/// transforms, whose own small pictures have to be decoded to get there; their pixels are not kept.
struct LosslessWebPStream {
    /// Why a stream cannot be read on.
    private struct Malformed: Error {}

    /// Bytes of one group's tables in libwebp (`kTableSize` entries of four bytes with the largest cache), and of what points at them.
    private static let groupSize = 4 * 5004 + 640
    /// libwebp makes tables for so many groups whether they are used or not, and beyond for used ones.
    private static let fewGroups = 1000

    private var bits: LosslessWebPBits

    /// Bytes of all codes' tables at most.
    ///
    /// - Parameters:
    ///   - stream: after the header of `VP8L`, or the first byte of `ALPH`.
    ///   - width: of the whole picture, and `height`.
    static func tablesSize(_ stream: ArraySlice<UInt8>, width: Int, height: Int) -> Int {
        var reader = LosslessWebPStream(bits: LosslessWebPBits(stream))
        // A group has five codes of four bits at least. What cannot be read is refused by the decoder, before or after it has taken these.
        let most = min(65_536, max(1, stream.count * 8 / 20))
        return min(most, (try? reader.groups(width, height)) ?? most) * groupSize
    }

    private mutating func groups(_ fullWidth: Int, _ height: Int) throws -> Int {
        var width = fullWidth
        var kinds: Set<Int> = []
        while try next(1) == 1 {
            let kind = try next(2)
            guard kinds.insert(kind).inserted else { throw Malformed() }
            switch kind {
            // Predictors and colour transforms: a number for each block.
            case 0, 1:
                let side = try next(3) + 2
                try skipPicture(pixels: Self.blocks(width, side) * Self.blocks(height, side))
            // A palette, whose indices are packed.
            case 3:
                let colours = try next(8) + 1
                try skipPicture(pixels: colours)
                width = Self.blocks(width, colours > 16 ? 0 : colours > 4 ? 1 : colours > 2 ? 2 : 3)
            default: break
            }
        }
        _ = try cacheSize()
        guard try next(1) == 1 else { return 1 }
        let side = try next(3) + 2
        return max(Self.fewGroups, Self.blocks(width, side) * Self.blocks(height, side))
    }

    private static func blocks(_ length: Int, _ bits: Int) -> Int { (length + 1 << bits - 1) >> bits }

    private mutating func next(_ count: Int) throws -> Int {
        guard let value = bits.next(count) else { throw Malformed() }
        return value
    }

    /// Colours that may be told by their place in a cache.
    private mutating func cacheSize() throws -> Int {
        guard try next(1) == 1 else { return 0 }
        let size = try next(4)
        guard (1...11).contains(size) else { throw Malformed() }
        return 1 << size
    }

    /// Passes over a picture within the stream, which has one group of codes.
    private mutating func skipPicture(pixels: Int) throws {
        let cache = try cacheSize()
        var codes: [PrefixCode] = []
        for symbols in [256 + 24 + cache, 256, 256, 256, 40] { codes.append(try code(symbols)) }
        var rest = pixels
        while rest > 0 {
            switch try symbol(codes[0]) {
            case ..<256:
                for colour in 1...3 { _ = try symbol(codes[colour]) }
                rest -= 1
            case let length where length < 280:
                let count = try extended(length - 256)
                _ = try extended(symbol(codes[4]))
                guard count <= rest else { throw Malformed() }
                rest -= count
            default: rest -= 1
            }
        }
    }

    /// A length or a distance by its prefix (RFC 9649, section 3.7.2.2).
    private mutating func extended(_ prefix: Int) throws -> Int {
        guard prefix >= 4 else { return prefix + 1 }
        let extra = (prefix - 2) >> 1
        return (2 + prefix & 1) << extra + (try next(extra)) + 1
    }

    private mutating func symbol(_ code: PrefixCode) throws -> Int {
        guard let symbol = code.symbol(&bits) else { throw Malformed() }
        return symbol
    }

    /// Reads a code (RFC 9649, section 3.7.2.1).
    private mutating func code(_ count: Int) throws -> PrefixCode {
        var lengths = [UInt8](repeating: 0, count: count)
        if try next(1) == 1 {
            let isPair = try next(1) == 1
            var symbols = [try next(next(1) == 0 ? 1 : 8)]
            if isPair { symbols.append(try next(8)) }
            for symbol in symbols {
                // A distance has fewer symbols than can be said.
                guard symbol < count else { throw Malformed() }
                lengths[symbol] = 1
            }
        } else {
            try read(&lengths)
        }
        guard let code = PrefixCode(lengths) else { throw Malformed() }
        return code
    }

    /// Reads the lengths of a code's words, which are coded themselves.
    private mutating func read(_ lengths: inout [UInt8]) throws {
        var ofLengths = [UInt8](repeating: 0, count: 19)
        for place in [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].prefix(try next(4) + 4) {
            ofLengths[place] = UInt8(try next(3))
        }
        guard let code = PrefixCode(ofLengths) else { throw Malformed() }
        var words = lengths.count
        if try next(1) == 1 {
            words = 2 + (try next(2 + 2 * next(3)))
            guard words <= lengths.count else { throw Malformed() }
        }
        var (place, last) = (0, UInt8(8))
        while place < lengths.count, words > 0 {
            words -= 1
            let found = try symbol(code)
            guard found >= 16 else {
                lengths[place] = UInt8(found)
                if found > 0 { last = UInt8(found) }
                place += 1
                continue
            }
            let count = (try next([2, 3, 7][found - 16])) + [3, 3, 11][found - 16]
            guard place + count <= lengths.count else { throw Malformed() }
            if found == 16 { for index in place..<place + count { lengths[index] = last } }
            place += count
        }
    }
}
