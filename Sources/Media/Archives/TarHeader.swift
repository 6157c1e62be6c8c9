/// The blocks that stand before a file in a tar (POSIX pax, "ustar Interchange Format" and "pax Header Block").
///
/// Written here rather than by libarchive so that the size of the whole is known before its first byte is sent, to the byte.
enum TarHeader {
    static let blockSize: Int64 = 512
    /// Two blocks of zeros end a tar.
    static let endSize: Int64 = 1024
    /// Eleven octal digits.
    private static let largestUstarSize: Int64 = 0o77_777_777_777

    /// The header blocks of a file `size` bytes long: one block, or three and more where name or size do not fit ustar's fields.
    static func blocks(path: String, size: Int64) -> [UInt8] {
        let name = Array(path.utf8)
        var records: [UInt8] = []
        if name.count > 100 || name.contains(where: { $0 >= 0x80 }) { records += record("path", name) }
        if size > largestUstarSize { records += record("size", Array(String(size).utf8)) }
        // Readers that know no pax see a plain name, cut to fit.
        let plain = name.map { $0 < 0x80 ? $0 : UInt8(ascii: "_") }.suffix(100)
        let header = ustar(name: plain, size: size > largestUstarSize ? 0 : size, type: UInt8(ascii: "0"))
        guard !records.isEmpty else { return header }
        let paxName = Array("PaxHeaders/".utf8) + plain.suffix(80)
        let pax = ustar(name: paxName[...], size: Int64(records.count), type: UInt8(ascii: "x"))
        return pax + records + [UInt8](repeating: 0, count: Int(padding(Int64(records.count)))) + header
    }

    /// Zeros that fill the last block of `size` bytes.
    static func padding(_ size: Int64) -> Int64 { (blockSize - size % blockSize) % blockSize }

    /// `"LENGTH key=value\n"`, where LENGTH counts itself.
    private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let rest = Array(" \(key)=".utf8) + value + [0x0A]
        var length = rest.count + 1
        while String(length).utf8.count + rest.count != length { length = String(length).utf8.count + rest.count }
        return Array(String(length).utf8) + rest
    }

    private static func ustar(name: ArraySlice<UInt8>, size: Int64, type: UInt8) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: Int(blockSize))
        func put(_ bytes: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in bytes.enumerated() { block[offset + index] = byte }
        }
        func octal(_ value: Int64, digits: Int) -> String.UTF8View {
            let text = String(value, radix: 8)
            return (String(repeating: "0", count: digits - text.utf8.count) + text).utf8
        }
        put(name, at: 0)
        put(octal(0o644, digits: 7), at: 100)
        put(octal(0, digits: 7), at: 108)
        put(octal(0, digits: 7), at: 116)
        put(octal(size, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        put("        ".utf8, at: 148)
        block[156] = type
        put("ustar\u{0}00".utf8, at: 257)
        let checksum = block.reduce(Int64(0)) { $0 + Int64($1) }
        put(octal(checksum, digits: 6), at: 148)
        block[154] = 0
        return block
    }
}
