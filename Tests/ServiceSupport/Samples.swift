import Documents
import Foundation
import Media

/// Small checkpoints and datasets to upload.
package enum Samples {
    package static let fixtures = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures")

    /// A fixture's bytes.
    package static func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: fixtures.appendingPathComponent(path))) }

    /// Files of the tiny U-Net `name` in the flat layout.
    package static func unet(_ name: String = "ddpm") throws -> [(String, [UInt8])] {
        [
            ("config.json", try bytes("unet/\(name)/config.json")),
            ("diffusion_pytorch_model.safetensors", try bytes("unet/\(name)/weights.safetensors")),
        ]
    }

    /// An archive of files.
    package static func archive(_ files: [(String, [UInt8])], _ format: ArchiveFormat = .tar) throws -> Data {
        var data = Data()
        try ArchiveWriter(files.map { ArchiveItem(path: $0.0, bytes: $0.1) }).write(as: format) { data.append(contentsOf: $0) }
        return data
    }

    /// An archive of `count` distinct colour pictures.
    package static func pictures(_ count: Int, width: Int = 20, height: Int = 16, channels: Int = 3) throws -> Data {
        let files = try (0..<count).map { number in
            let pixels = (0..<(width * height * channels)).map { UInt8(truncatingIfNeeded: $0 * (number + 3) * 7) }
            return ("\(number).png", try PNGEncoder.encode(Picture(width: width, height: height, channels: channels, pixels: pixels)))
        }
        return try archive(files)
    }

    /// A small gray picture.
    package static func picture() throws -> [UInt8] {
        try PNGEncoder.encode(Picture(width: 8, height: 8, channels: 1, pixels: (0..<64).map { UInt8($0) }))
    }

    /// `config.json` of the tiny U-Net with some keys changed.
    package static func config(_ changes: [String: JSON]) throws -> [UInt8] {
        Array(try JSON(parsing: bytes("unet/ddpm/config.json")).replacing(changes).compact.utf8)
    }

    /// The weights of the tiny U-Net with the header changed by `edit`, the numbers left as they are.
    package static func weights(editing edit: (JSON) -> JSON) throws -> [UInt8] {
        let file = try bytes("unet/ddpm/weights.safetensors")
        let length = (0..<8).reduce(0) { $0 | Int(file[$1]) << (8 * $1) }
        let header = Array(edit(try JSON(parsing: Array(file[8..<(8 + length)]))).compact.utf8)
        return (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header + file[(8 + length)...]
    }

    /// A safetensors file of one float32 tensor.
    package static func safetensors(_ name: String, _ shape: [Int], _ numbers: [Float]) -> [UInt8] {
        let header = JSON.object([
            .init(name, ["dtype": "F32", "shape": .integers(shape), "data_offsets": .integers([0, 4 * numbers.count])])
        ])
        let text = Array(header.compact.utf8)
        let bytes = numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * $0)) } }
        return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text + bytes
    }
}
