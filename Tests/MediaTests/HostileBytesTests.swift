import Foundation
import Media
import TestSupport
import Testing

/// Damaged files, the same ones every time: each is read or refused, and nothing crashes.
struct HostileBytesTests {
    /// Flips, overwrites, cuts and repeats parts of `bytes`.
    private func damaged(_ bytes: [UInt8], seed: UInt64) -> [UInt8] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func random(_ bound: Int) -> Int {
            // xorshift64*
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return Int((state &* 0x2545_F491_4F6C_DD1D) >> 33) % max(1, bound)
        }
        var result = bytes
        for _ in 0...random(4) where !result.isEmpty {
            let place = random(result.count)
            let length = min(1 + random(8), result.count - place)
            switch random(6) {
            case 0, 1: result[place] ^= 1 << UInt8(random(8))
            case 2: for index in place..<place + length { result[index] = [0, 0xFF, 0x7F, 0x80][random(4)] }
            case 3: result.removeSubrange(place..<place + length)
            case 4: result.insert(contentsOf: result[place..<min(result.count, place + 64 * length)], at: random(result.count))
            default: result.removeLast(random(result.count) / 4)
            }
        }
        return result
    }

    @Test(arguments: [
        "rgb.png", "gray2.png", "palette4.png", "la16.png", "interlaced.png", "gamma.png", "rgb420.jpg", "progressive.jpg", "gray.jpg",
        "cmyk.jpg", "turned.jpg", "ycck.jpg", "rgb.webp", "rgba.webp", "lossless.webp", "lossless_palette.webp", "lossless_rgba.webp",
        "lying_6.jpg", "lying_6.png", "lying_8.webp", "xmp_6.jpg",
    ])
    func picturesAreDecodedOrRefused(name: String) throws {
        let bytes = try Fixture.bytes("pictures/\(name)")
        for seed: UInt64 in 1...600 {
            let input = damaged(bytes, seed: seed)
            if let picture = try? Picture(decoding: input, limits: PictureLimits(side: 4096, pixels: 1 << 20)) {
                #expect(picture.pixels.count == picture.width * picture.height * picture.channels)
            }
            _ = try? PictureInfo(of: input)
            _ = PictureInfo.validationCost(input)
        }
    }

    @Test(arguments: ["pax.tar", "gnu.tar", "pax.tar.gz", "good.zip", "encrypted.zip", "duplicate.zip", "hardlink.tar"])
    func archivesAreReadOrRefused(name: String) throws {
        let bytes = try Fixture.bytes("archives/\(name)")
        let folder = try TemporaryFolder()
        let limits = ArchiveReader.Limits(entries: 1000, totalSize: 1 << 20)
        for seed: UInt64 in 1...600 {
            let path = try folder.file("body", damaged(bytes, seed: seed))
            guard let contents = try? archiveContents(path, limits: limits) else { continue }
            #expect(contents.reduce(0) { $0 + $1.bytes.count } <= 1 << 20)
            #expect(contents.allSatisfy { !$0.path.isEmpty && !$0.path.split(separator: "/").contains("..") && !$0.path.hasPrefix("/") })
        }
    }
}
