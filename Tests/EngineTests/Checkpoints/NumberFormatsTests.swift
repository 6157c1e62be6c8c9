import Engine
import Foundation
import Testing

/// Mixed number formats, each tensor's its own.
@Suite struct NumberFormatsTests {
    /// The tiny network in float16, but for norms, which stay float32.
    private func mixed() throws -> (checkpoint: DiffusionCheckpoint, bytes: [UInt8]) {
        let (model, weights) = try Golden.unet("ddpm")
        let checkpoint = DiffusionCheckpoint(
            trained: TrainedModel(model: model, weights: weights), schedule: try NoiseSchedule(json: nil),
            formats: NumberFormats(.float16))
        let entries = weights.parameters.map {
            SafeTensorsWriter.Entry(name: $0.name, shape: $0.shape, type: $0.shape.count == 4 ? .float16 : .float32)
        }
        var bytes: [UInt8] = []
        try SafeTensorsWriter(entries, type: .float32).write(to: { bytes += $0 }) { index, put in
            try weights.torchOrder(index).withUnsafeBufferPointer { try put($0) }
        }
        return (checkpoint, bytes)
    }

    /// Reads a file of these bytes, which is gone then.
    private func reading<Value>(_ bytes: [UInt8], _ body: (SafeTensorsReader) throws -> Value) throws -> Value {
        let url = FileManager.default.temporaryDirectory.appending(path: "formats-\(UUID().uuidString)")
        try Data(bytes).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        return try body(SafeTensorsReader(path: url.path))
    }

    @Test func aResultKeepsEachTensorsFormat() throws {
        let (checkpoint, mixed) = try mixed()
        let formats = try reading(mixed) { NumberFormats(of: $0.tensors) }
        let stored = try checkpoint.stored(as: formats)
        var bytes: [UInt8] = []
        try stored.writeWeights { bytes += $0 }
        try reading(bytes) { written in
            #expect(!written.tensors.isEmpty)
            for tensor in written.tensors {
                #expect(tensor.type == (tensor.shape.count == 4 ? .float16 : .float32), "\(tensor.name)")
                // What goes on is what is stored: a file of it holds the same numbers.
                let index = try #require(stored.trained.weights.index(of: tensor.name))
                var numbers = [Float](repeating: 0, count: tensor.count)
                try numbers.withUnsafeMutableBufferPointer { try written.read(tensor.name, from: 0, into: $0) }
                #expect(Array(stored.trained.weights.torchOrder(index)) == numbers, "\(tensor.name)")
            }
        }
    }

    @Test func doublesAreWrittenAsFloat32() {
        let tensors = [("a", ScalarType.float64, 8), ("b", .float16, 4), ("c", .int64, 100)].map {
            TensorEntry(name: $0.0, type: $0.1, shape: [$0.2], count: $0.2)
        }
        let formats = NumberFormats(of: tensors)
        #expect(formats.common == .float32 && formats["a"] == .float32 && formats["b"] == .float16)
        #expect(formats.exceptions == [.float16: 1])
        let renamed = Dictionary(uniqueKeysWithValues: zip(["x", "y", "z"], tensors))
        #expect(NumberFormats(of: renamed)["y"] == .float16)
    }
}
