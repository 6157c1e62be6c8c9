@testable import Media

/// Puts right the checksums that no mutation would, so that what lies behind them is reached.
enum Mending {
    /// A PNG with the checksum that each chunk should have; other bytes as they are.
    static func png(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) else { return bytes }
        var result = bytes
        var place = 8
        while place + 12 <= result.count {
            let length = (0..<4).reduce(0) { $0 << 8 | Int(result[place + $1]) }
            let end = place + 8 + length
            guard end + 4 <= result.count else { break }
            var checksum = CRC32()
            result[place + 4..<end].withUnsafeBytes { checksum.update($0) }
            for index in 0..<4 { result[end + index] = UInt8(truncatingIfNeeded: checksum.value >> UInt32(24 - 8 * index)) }
            place = end + 4
        }
        return result
    }

    /// A tar with the checksum that each header should have; other bytes as they are.
    static func tar(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for start in stride(from: 0, to: bytes.count - 511, by: 512) where bytes[start + 257..<start + 262].elementsEqual("ustar".utf8) {
            result.replaceSubrange(start + 148..<start + 156, with: "        ".utf8)
            let sum = String(result[start..<start + 512].reduce(0) { $0 + Int($1) }, radix: 8)
            result.replaceSubrange(start + 148..<start + 155, with: (String(repeating: "0", count: 6 - sum.utf8.count) + sum + "\0").utf8)
        }
        return result
    }
}
