/// The SHA-256 of a blob's bytes, as 64 lower-case hexadecimal digits: the blob's name.
public struct BlobDigest: Sendable, Hashable {
    /// 64 digits of `0…9a…f`.
    public let hex: String

    /// A digest from its text; nil unless it is 64 lower-case hexadecimal digits, so that it is always safe as a file name.
    public init?(hex: String) {
        guard hex.utf8.count == 64, hex.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else { return nil }
        self.hex = hex
    }

    /// The 32 bytes that the digits stand for.
    var bytes: [UInt8] {
        let digits = Array(hex.utf8).map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// The digest with these 32 bytes.
    package init(_ bytes: some Sequence<UInt8>) {
        let digits = Array("0123456789abcdef".utf8)
        hex = String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
