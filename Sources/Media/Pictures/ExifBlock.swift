/// The first directory of an EXIF block, a TIFF file without its picture (Exif 3.0, 4.6; TIFF 6.0, section 2), of which one entry is used.
package struct ExifBlock {
    private let bytes: ArraySlice<UInt8>
    private let isLittleEndian: Bool

    private static let prefix = Array("Exif\0\0".utf8)
    private static let orientationTag = 0x0112
    /// Bytes of an entry.
    private static let entrySize = 12

    /// Takes a block, with or without `Exif\0\0` before it, which some writers put there twice; nil for something else.
    package init?(_ block: some Collection<UInt8>) {
        var rest = Array(block)[...]
        for _ in 0..<2 where rest.starts(with: Self.prefix) { rest = rest.dropFirst(Self.prefix.count) }
        switch rest.prefix(4) {
        case [0x49, 0x49, 0x2A, 0x00]: isLittleEndian = true
        case [0x4D, 0x4D, 0x00, 0x2A]: isLittleEndian = false
        default: return nil
        }
        bytes = rest
    }

    /// How the picture lies; nil where the directory does not say, or says what does not exist. What is there of a directory that was cut
    /// off is read, and of several such entries the last holds, as Pillow has it.
    package var orientation: PictureOrientation? {
        guard let directory = number(at: 4, size: 4), let count = number(at: directory, size: 2) else { return nil }
        var found: Int?
        for entry in 0..<count {
            let place = directory + 2 + Self.entrySize * entry
            guard place <= bytes.count - Self.entrySize else { break }
            guard number(at: place, size: 2) == Self.orientationTag else { continue }
            found = value(ofEntryAt: place) ?? found
        }
        return found.flatMap(PictureOrientation.init)
    }

    /// The first of an entry's whole numbers; nil for other types, and where they are not there.
    private func value(ofEntryAt place: Int) -> Int? {
        // Short, long, and both with a sign; what is negative is no orientation either way.
        guard let type = number(at: place + 2, size: 2), let size = [3: 2, 4: 4, 8: 2, 9: 4][type],
            let count = number(at: place + 4, size: 4), count > 0
        else { return nil }
        guard count * size > 4 else { return number(at: place + 8, size: size) }
        guard let start = number(at: place + 8, size: 4), start <= bytes.count - count * size else { return nil }
        return number(at: start, size: size)
    }

    /// An unsigned number at an offset from the block's beginning; nil beyond its end.
    private func number(at offset: Int, size: Int) -> Int? {
        guard offset <= bytes.count - size else { return nil }
        let start = bytes.startIndex + offset
        let digits = bytes[start..<start + size]
        return isLittleEndian ? digits.reversed().reduce(0) { $0 << 8 | Int($1) } : digits.reduce(0) { $0 << 8 | Int($1) }
    }
}
