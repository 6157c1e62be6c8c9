import Media
import TestSupport
import Testing

/// What decoding a WebP takes is known before it begins.
struct WebPTests {
    /// A file of one chunk.
    private static func file(_ name: String, _ content: [UInt8]) -> [UInt8] {
        func size(_ count: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } }
        let padding = [UInt8](repeating: 0, count: content.count % 2)
        return Array("RIFF".utf8) + size(12 + content.count + padding.count) + Array("WEBP\(name)".utf8) + size(content.count) + content
            + padding
    }

    /// A lossless picture of so many bits.
    private static func lossless(side: Int, _ bits: [(value: Int, count: Int)], zeros: Int) -> [UInt8] {
        var (all, used) = (0, 0)
        for bit in [(side - 1, 14), (side - 1, 14), (0, 4)] { (all, used) = (all | bit.0 << used, used + bit.1) }
        var stream: [UInt8] = [0x2F] + (0..<4).map { UInt8(truncatingIfNeeded: all >> (8 * $0)) }
        (all, used) = (0, 0)
        for bit in bits { (all, used) = (all | bit.value << used, used + bit.count) }
        stream += (0..<8).map { UInt8(truncatingIfNeeded: all >> (8 * $0)) }
        return file("VP8L", stream + [UInt8](repeating: 0, count: zeros))
    }

    /// Transforms are read past: what cannot be followed would be reckoned as the most that a file of its size may ask for.
    @Test(arguments: [
        ("rgb.webp", 1 << 21), ("best.webp", 1 << 21), ("lossless_small.webp", 1 << 21), ("lossless_palette.webp", 1 << 21),
        // A thousand groups of codes at most.
        ("lossless.webp", 24 << 20), ("lossless_rgba.webp", 24 << 20), ("rgba.webp", 24 << 20),
    ])
    func pillowsFilesTakeLittle(name: String, most: Int) throws {
        let bytes = try Fixture.bytes("pictures/\(name)")
        #expect(PictureInfo.validationCost(bytes) < most)
    }

    @Test func manyGroupsOfCodesAreReckonedWith() {
        // No transform, no cache, a group for each 4 × 4 pixels.
        let bits = [(0, 1), (0, 1), (1, 1), (0, 3)]
        #expect(PictureInfo.validationCost(Self.lossless(side: 2048, bits, zeros: 200_000)) > 1 << 30)
        // A short file cannot hold so many.
        #expect(PictureInfo.validationCost(Self.lossless(side: 2048, bits, zeros: 100)) < 32 << 20)
        // One group.
        #expect(PictureInfo.validationCost(Self.lossless(side: 2048, [(0, 1), (0, 1), (0, 1)], zeros: 200_000)) < 32 << 20)
    }

    @Test func pixelsAreReckonedWithAndLimited() throws {
        let blank = Self.lossless(side: 16_384, [(0, 1)], zeros: 100)
        #expect(throws: PictureError.tooLarge(width: 16_384, height: 16_384, limit: PictureLimits())) { try PictureInfo.validate(blank) }
        #expect(PictureInfo.validationCost(Self.lossless(side: 8192, [(0, 1)], zeros: 100)) > 256 << 20)
    }

    /// Sub-pictures of transforms that say little and go on for long.
    @Test(.timeLimit(.minutes(1)), arguments: [0, 1])
    func aTransformOfOneColourIsShort(kind: Int) {
        // Blocks of 4 × 4, no cache, five codes of one symbol each.
        let code = [(1, 1), (0, 1), (0, 1), (0, 1)]
        let bits = [(1, 1), (kind, 2), (0, 3), (0, 1)] + Array(repeating: code, count: 5).flatMap { $0 }
        for _ in 0..<10 { #expect(PictureInfo.validationCost(Self.lossless(side: 8192, bits, zeros: 100)) > 256 << 20) }
    }
}
