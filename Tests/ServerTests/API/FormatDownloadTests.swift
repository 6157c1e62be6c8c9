import Documents
import Foundation
import ServiceSupport
import TestSupport
import Testing

/// A checkpoint is handed out in another number format than it is stored in.
@Suite struct FormatDownloadTests {
    private static let weights = "unet/diffusion_pytorch_model.safetensors"

    /// The header of a safetensors file, and where its data begins.
    private static func header(_ file: [UInt8]) throws -> (json: JSON, data: [UInt8]) {
        let length = (0..<8).reduce(0) { $0 | Int(file[$1]) << (8 * $1) }
        return (try JSON(parsing: Array(file[8..<(8 + length)])), Array(file[(8 + length)...]))
    }

    private static func names(_ header: JSON) -> [String] {
        guard case .object(let members) = header else { return [] }
        return members.map(\.name)
    }

    @Test func weightsComeInTheFormatThatIsAskedFor() async throws {
        try await World.with { world in
            let id = try await world.upload("/v1/checkpoints", try Samples.archive(Samples.unet()))
            let path = "/v1/checkpoints/\(id)/content"
            let stored = try await world.get(path).files()
            let plain = try Self.header(try #require(stored[Self.weights]))
            for (dtype, type) in [("float16", "F16"), ("bfloat16", "BF16")] {
                let answer = try await world.get("\(path)?dtype=\(dtype)")
                #expect(answer.status == 200, "\(answer.detail)")
                let found = try answer.files()
                #expect(Set(found.keys) == Set(stored.keys))
                let (header, data) = try Self.header(try #require(found[Self.weights]))
                #expect(Self.names(header).sorted() == Self.names(plain.json).sorted() && data.count * 2 == plain.data.count)
                for name in Self.names(header) where name != "__metadata__" {
                    #expect(header.at(name, "dtype") == .string(type) && header.at(name, "shape") == plain.json.at(name, "shape"))
                    let (from, to) = (
                        header.at(name, "data_offsets").elements[0].integer!, plain.json.at(name, "data_offsets").elements[0].integer!
                    )
                    let bits = UInt16(data[from]) | UInt16(data[from + 1]) << 8
                    let value = (0..<4).reduce(UInt32(0)) { $0 | UInt32(plain.data[to + $1]) << UInt32(8 * $1) }
                    let number = Float(bitPattern: value)
                    let converted = type == "F16" ? Float(Float16(bitPattern: bits)) : Float(bitPattern: UInt32(bits) << 16)
                    #expect(abs(converted - number) <= abs(number) / 128, "\(name): \(number) became \(converted)")
                }
                #expect(found["unet/config.json"] == stored["unet/config.json"])
                // The same bytes under the same tag, which is another than that of other formats.
                let again = try await world.get("\(path)?dtype=\(dtype)")
                #expect(again.data == answer.data && again.headers["etag"] == answer.headers["etag"])
                #expect(try await world.get(path).headers["etag"] != answer.headers["etag"])
                let zip = try await world.get("\(path)?dtype=\(dtype)&format=zip").files()
                #expect(zip == found)
                // What comes in it is a checkpoint.
                let back = try await world.get("/v1/checkpoints/\(try await world.upload("/v1/checkpoints", answer.data))").json
                #expect(back["dtype"] == .string(dtype), "\(back.compact)")
                let onnx = try await world.get("\(path)?dtype=\(dtype)&layout=onnx")
                let whole = try await world.get("\(path)?layout=onnx")
                #expect(onnx.status == 200 && Double(onnx.data.count) < 0.75 * Double(whole.data.count), "\(onnx.detail)")
            }
            // In the format that it has nothing changes.
            let same = try await world.get("\(path)?dtype=float32").files()
            #expect(same == stored)
            let refused = try await world.get("\(path)?dtype=float8")
            #expect(refused.status == 400 && refused.json["code"]?.text == "invalid_dtype")
        }
    }

    @Test func whatHalfPrecisionCannotHoldIsRefused() async throws {
        try await World.with { world in
            var file = try Samples.bytes("unet/ddpm/weights.safetensors")
            let (json, _) = try Self.header(file)
            let start =
                file.count - (try Self.header(file).data.count) + (json.at("conv_out.bias", "data_offsets").elements[0].integer ?? 0)
            for place in 0..<4 { file[start + place] = UInt8(truncatingIfNeeded: Float(1e6).bitPattern >> UInt32(8 * place)) }
            let id = try await world.upload(
                "/v1/checkpoints",
                try Samples.archive([
                    ("config.json", Samples.bytes("unet/ddpm/config.json")), ("diffusion_pytorch_model.safetensors", file),
                ]))
            for layout in ["diffusers", "onnx"] {
                let path = "/v1/checkpoints/\(id)/content?layout=\(layout)&dtype="
                let refused = try await world.get(path + "float16")
                #expect(refused.status == 422 && refused.json["code"]?.text == "invalid_checkpoint", "\(refused.detail)")
                #expect(refused.detail.contains("conv_out.bias"), "\(refused.detail)")
                #expect(try await world.get(path + "bfloat16").status == 200)
            }
        }
    }
}
