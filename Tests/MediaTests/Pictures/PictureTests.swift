import Foundation
import Media
import TestSupport
import Testing

/// Against Pillow: files, pixels and sizes made by Tests/Fixtures/make_pictures.py.
struct PictureTests {
    struct Decoded: Decodable {
        let width: Int
        let height: Int
        let channels: Int
        let pixels: Data

        var shape: [Int] { [width, height, channels] }
    }

    struct Resized: Decodable {
        let width: Int
        let height: Int
        let channels: Int
        let toWidth: Int
        let toHeight: Int
        let pixels: Data
        /// Of the middle square, `toWidth` a side; null where that would enlarge.
        let square: Data?
    }

    /// The same formula stands in make_pictures.py.
    static func pattern(_ width: Int, _ height: Int, _ channels: Int) -> Picture {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                for c in 0..<channels {
                    let value = x * x * 7 + y * x * 13 + y * y * 3 + c * 89 + (x ^ y) * 5
                    pixels.append(UInt8(value & 255))
                }
            }
        }
        return Picture(width: width, height: height, channels: channels, pixels: pixels)
    }

    @Test func everyKindOfPictureDecodesToPillowsPixels() throws {
        let expected = try JSONDecoder().decode([String: Decoded].self, from: Data(Fixture.bytes("pictures/decoded.json")))
        #expect(expected.count > 20)
        for (name, decoded) in expected {
            let bytes = try Fixture.bytes("pictures/\(name)")
            let picture = try Picture(decoding: bytes)
            #expect([picture.width, picture.height, picture.channels] == decoded.shape, "\(name)")
            #expect(picture.pixels == [UInt8](decoded.pixels), "\(name)")
            let info = try PictureInfo(of: bytes)
            #expect([info.width, info.height, info.channels] == decoded.shape, "\(name)")
        }
    }

    @Test func resizingIsPillowsToTheBit() throws {
        let cases = try JSONDecoder().decode([Resized].self, from: Data(Fixture.bytes("pictures/resized.json")))
        #expect(cases.count > 10)
        for one in cases {
            let picture = Self.pattern(one.width, one.height, one.channels)
            let name: Comment = "\(one.width)×\(one.height)×\(one.channels) → \(one.toWidth)×\(one.toHeight)"
            #expect(BoxResize.resize(picture, width: one.toWidth, height: one.toHeight).pixels == [UInt8](one.pixels), name)
            if let square = one.square {
                #expect(try picture.cropAndResize(toHeight: one.toWidth, width: one.toWidth).pixels == [UInt8](square), name)
            }
        }
    }

    @Test(arguments: [
        (40, 30, 8, 8, [5, 0, 30, 30]), (30, 41, 8, 8, [0, 5, 30, 30]), (32, 32, 32, 32, [0, 0, 32, 32]), (40, 30, 16, 8, [0, 5, 40, 20]),
        (41, 30, 8, 16, [13, 0, 15, 30]),
    ])
    func theMiddleIsKept(width: Int, height: Int, targetWidth: Int, targetHeight: Int, expected: [Int]) {
        let crop = SquareCrop(width: width, height: height, targetWidth: targetWidth, targetHeight: targetHeight)
        #expect([crop.x, crop.y, crop.width, crop.height] == expected)
    }

    @Test func picturesAreNotEnlarged() {
        #expect(throws: PictureError.tooSmall(width: 31, height: 40, neededWidth: 32, neededHeight: 32)) {
            try Self.pattern(31, 40, 3).cropAndResize(toHeight: 32, width: 32)
        }
    }

    @Test(arguments: [(1, 1, 1), (7, 5, 3), (64, 33, 1), (32, 32, 3)])
    func whatIsEncodedDecodesToItself(width: Int, height: Int, channels: Int) throws {
        let picture = Self.pattern(width, height, channels)
        #expect(try Picture(decoding: PNGEncoder.encode(picture)) == picture)
    }

    @Test func aLargeBlankPictureIsNoBomb() throws {
        let picture = try Picture(decoding: Fixture.bytes("pictures/blank.png"))
        // 2400 × 2000 pixels, all of the palette's first colour.
        #expect(picture.width == 2400 && picture.height == 2000)
        #expect(picture.pixels == (0..<2400 * 2000).flatMap { _ -> [UInt8] in [9, 8, 7] })
    }

    @Test func anAnimationIsRefused() throws {
        let bytes = try Fixture.bytes("pictures/animated.webp")
        #expect(throws: PictureError.unsupported("an animated WebP")) { try Picture(decoding: bytes) }
        #expect(throws: PictureError.unsupported("an animated WebP")) { try PictureInfo(of: bytes) }
    }

    /// What decoding drops is told, where it was there to be seen.
    @Test func transparencyAndNarrowRangesAreFound() throws {
        let expected = try JSONDecoder().decode([String: Decoded].self, from: Data(Fixture.bytes("pictures/decoded.json")))
        let transparent: Set = [
            "rgba.png", "la.png", "palette_alpha.png", "gray_key.png", "rgb_key.png", "rgba16.png", "la16.png", "rgba.webp",
            "lossless_rgba.webp",
        ]
        for name in expected.keys {
            let info = try PictureInfo.validate(Fixture.bytes("pictures/\(name)"))
            #expect(info.isTransparent == transparent.contains(name), "\(name)")
            #expect(info.isNarrow == name.hasPrefix("narrow"), "\(name)")
        }
    }

    @Test(arguments: [
        ([UInt8](), "empty"), (Array("GIF89a".utf8), "a GIF"), (Array("hello".utf8), "something else"), ([0x89], "something else"),
        (Array("BM1234\0\0\0\0".utf8), "a BMP"), (Array("BMW".utf8), "something else"), (Array("II*\0".utf8), "a TIFF"),
        (Array("\0\0\0 ftypavif".utf8), "an AVIF"), (Array("\0\0\0 ftypheic".utf8), "a HEIC"),
        (Array("RIFF1234WAVE".utf8), "another RIFF file than WebP"),
        (
            Array("version https://git-lfs.github.com/spec/v1\n".utf8), "a Git LFS pointer, not the file itself: git lfs pull gets it"
        ), (Array("<!DOCTYPE html>".utf8), "an HTML page, not the file itself: a download that failed often leaves one"),
        ([0xFF, 0x0A], "a JPEG XL"), ([0x1F, 0x8B, 8], "gzip-compressed"),
    ])
    func otherFilesAreRefused(bytes: [UInt8], found: String) {
        #expect(throws: PictureError.notAPicture(found: found)) { try Picture(decoding: bytes) }
    }

    @Test(arguments: [
        "rgb.png", "gray.png", "palette.png", "interlaced.png", "rgb.jpg", "rgb420.jpg", "progressive.jpg", "gray.jpg", "ycck.jpg",
        "rgb.webp", "rgba.webp", "lossless.webp", "lossless_rgba.webp",
    ])
    func noPartOfAPicturePassesForTheWhole(name: String) throws {
        let bytes = try Fixture.bytes("pictures/\(name)")
        // Without its end marker a JPEG is whole, and so is a PNG without the end chunk's checksum.
        for length in 0..<bytes.count - (name.hasSuffix("jpg") ? 2 : 4) {
            #expect(throws: PictureError.self, "\(length) of \(bytes.count)") { try PictureInfo.validate(Array(bytes[..<length])) }
        }
    }

    @Test func limitsHoldBeforeMemoryIsTaken() throws {
        let limits = PictureLimits(side: 20, pixels: 100)
        let bytes = try Fixture.bytes("pictures/rgb.png")
        #expect(throws: PictureError.tooLarge(width: 13, height: 9, limit: limits)) { try Picture(decoding: bytes, limits: limits) }
        let photograph = try Fixture.bytes("pictures/rgb.jpg")
        #expect(throws: PictureError.tooLarge(width: 37, height: 29, limit: PictureLimits(side: 36))) {
            try PictureInfo(of: photograph, limits: PictureLimits(side: 36))
        }
        // A header that claims 8000 × 8000 pixels above a few bytes of data; the CRC of the header made right.
        var bomb = try Fixture.bytes("pictures/gray.png")
        bomb.replaceSubrange(16..<24, with: [0, 0, 0x1F, 0x40, 0, 0, 0x1F, 0x40])
        bomb.replaceSubrange(29..<33, with: crc32(bomb[12..<29]))
        #expect(throws: PictureError.damaged(format: "PNG", reason: "too short for its size")) { try Picture(decoding: bomb) }
    }

    /// PNG, annex D, the plain way.
    private func crc32(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
        }
        return withUnsafeBytes(of: (~crc).bigEndian, Array.init)
    }
}
