import Foundation
import Media
import TestSupport
import Testing

/// How pictures lie, against Pillow's `ImageOps.exif_transpose`: files and pixels made by Tests/Fixtures/make_pictures.py.
struct PictureOrientationTests {
    @Test func picturesAreTurnedAsPillowTurnsThem() throws {
        let expected = try JSONDecoder().decode([String: PictureTests.Decoded].self, from: Data(Fixture.bytes("pictures/upright.json")))
        #expect(expected.count > 15)
        for (name, upright) in expected {
            let bytes = try Fixture.bytes("pictures/\(name)")
            let picture = try Picture(decoding: bytes, isTurned: true)
            #expect(picture.width == upright.width && picture.height == upright.height, "\(name)")
            #expect(picture.pixels == [UInt8](upright.pixels), "\(name)")
            // `lying_6.jpg`: what is told, where there is such an orientation.
            let told = name.drop { !$0.isNumber }.first?.wholeNumberValue.flatMap(PictureOrientation.init)
            #expect(try PictureInfo.validate(bytes).orientation == told ?? .topLeft, "\(name)")
            #expect(try PictureInfo(of: bytes).orientation == told ?? .topLeft, "\(name)")
            if !name.hasPrefix("mixed") { #expect(try Picture(decoding: bytes).width == 6, "\(name)") }
        }
    }

    /// A directory's entry of whole numbers.
    private struct Entry {
        var tag = 0x0112
        var type = 3
        var count = 1
        var value: [UInt8] = [0, 6, 0, 0]
    }

    /// Big-endian, the directory after the header.
    private static func block(_ entries: [Entry], count: Int? = nil, then rest: [UInt8] = []) -> [UInt8] {
        func bytes(_ number: Int, _ size: Int) -> [UInt8] { (0..<size).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
        let body = entries.flatMap { bytes($0.tag, 2) + bytes($0.type, 2) + bytes($0.count, 4) + $0.value }
        return Array("MM\0*".utf8) + bytes(8, 4) + bytes(count ?? entries.count, 2) + body + rest
    }

    @Test(
        arguments: [
            (block([Entry()]), 6),
            (block([Entry(tag: 0x010F, type: 2), Entry()]), 6),
            // Of several the last, as Pillow has it.
            (block([Entry(), Entry(value: [0, 3, 0, 0])]), 3),
            (block([Entry(type: 4, value: [0, 0, 0, 8])]), 8), (block([Entry(type: 8)]), 6),
            (block([Entry(type: 9, value: [0, 0, 0, 2])]), 2),
            // Several numbers, of which the first counts; they lie elsewhere.
            (block([Entry(count: 2)]), 6), (block([Entry(count: 3, value: [0, 0, 0, 22])], then: [0, 7, 0, 0, 0, 0]), 7),
            (block([Entry(count: 3, value: [0, 0, 0, 22])], then: [0, 7, 0, 0, 0]), nil),
            (block([Entry(count: 3, value: [0xFF, 0xFF, 0xFF, 0xFF])]), nil), (block([Entry(type: 4, count: 0xFFFF_FFFF)]), nil),
            (block([Entry(count: 0)]), nil), (block([Entry(type: 5)]), nil), (block([Entry(type: 2)]), nil),
            (block([Entry(type: 0xFFFF)]), nil),
            (block([Entry(value: [0, 0, 0, 0])]), nil), (block([Entry(value: [0, 9, 0, 0])]), nil),
            (block([Entry(type: 9, value: [0xFF, 0xFF, 0xFF, 0xFA])]), nil),
            // More entries than there are.
            (block([Entry()], count: 0xFFFF), 6), (block([], count: 0xFFFF), nil),
            (Array("MM\0*".utf8) + [0xFF, 0xFF, 0xFF, 0xFF], nil), (Array("MM\0*".utf8) + [0, 0, 0, 0], nil), (Array("MM\0*".utf8), nil),
            (Array("MM\0+".utf8) + [0, 0, 0, 8], nil), (Array("Exif\0\0".utf8), nil), ([], nil),
            (Array("Exif\0\0Exif\0\0".utf8) + block([Entry()]), 6),
        ] as [([UInt8], Int?)])
    func aDirectoryIsReadAsFarAsItGoes(bytes: [UInt8], orientation: Int?) {
        #expect(ExifBlock(bytes)?.orientation?.rawValue == orientation)
    }

    @Test func aBlockMayEndAnywhere() {
        let whole = Self.block([Entry(tag: 1), Entry(count: 3, value: [0, 0, 0, 34])], then: [0, 5, 0, 0, 0, 0])
        for length in 0...whole.count {
            #expect(ExifBlock(whole[..<length])?.orientation == (length == whole.count ? .leftTop : nil), "\(length)")
        }
    }
}
