import Engine
import Foundation
import Testing

/// A small network of Inception's layout against PyTorch; Tests/Fixtures/make_inception_golden.py made the weights and the features.
@Suite struct InceptionTests {
    /// Pictures of a pattern, as `pattern` in the script has them.
    private static func pattern(_ count: Int, _ channels: Int, _ height: Int, _ width: Int) -> Pictures {
        var bytes: [UInt8] = []
        for n in 0..<count {
            for c in 0..<channels {
                for y in 0..<height {
                    for x in 0..<width { bytes.append(UInt8((y * (3 + n) + x * (5 + c) + 17 * c + (x * y) % 61 + 40 * n) % 256)) }
                }
            }
        }
        return Pictures(count: count, channels: channels, height: height, width: width, bytes: bytes)
    }

    private static func source() throws -> any TensorSource {
        try WeightsFile.open(path: Golden.fixtures.appending(path: "inception/legacy.pth").path, name: "legacy.pth")
    }

    @Test func featuresAreThoseOfPyTorchInAFileAsItIsPublished() throws {
        let checkpoint = try InceptionCheckpoint(weights: Self.source())
        let weights = try checkpoint.load()
        let golden = try Golden.tensors("inception/golden.safetensors")
        for (name, pictures) in [("colour", Self.pattern(2, 3, 40, 24)), ("grey", Self.pattern(1, 1, 330, 310))] {
            let expected = try #require(golden[name])
            var all: [[Float]] = []
            for threads in [1, 2] {
                let network = InceptionFeatures(checkpoint.model, weights, memory: 1 << 30, parallel: Parallel(threads: threads))
                all.append(try network.features(of: pictures))
                #expect(all[0].count == pictures.count * checkpoint.model.features)
                let largest = expected.values.map(abs).max() ?? 0
                #expect(largestDifference(all[threads - 1], expected.values) < 1e-4 * largest, "\(name)")
            }
        }
    }

    @Test func partsOfABatchGiveTheSame() throws {
        let checkpoint = try InceptionCheckpoint(weights: Self.source())
        let weights = try checkpoint.load()
        let network = InceptionFeatures(checkpoint.model, weights, memory: 1 << 30, parallel: Parallel(threads: 2))
        let pictures = Self.pattern(3, 3, 32, 32)
        var steps = 0
        let whole = network.features(of: pictures) { steps += 1 }
        #expect(steps == 1)
        let single = try (0..<3).flatMap { try network.features(of: pictures.taking($0..<$0 + 1)) }
        #expect(largestDifference(whole, single) < 1e-5)
    }

    /// The tensors of a network, some of them put aside or changed.
    private final class Altered: TensorSource {
        let tensors: [TensorEntry]
        let notes: [Warning] = []
        private let source: any TensorSource
        private let numbers: [String: Float]

        init(_ source: any TensorSource, numbers: [String: Float] = [:], _ change: (TensorEntry) -> TensorEntry? = { $0 }) {
            (self.source, self.numbers) = (source, numbers)
            tensors = source.tensors.compactMap(change)
        }

        func read(_ name: String, into destination: UnsafeMutableBufferPointer<Float>) throws {
            try source.read(name, into: destination)
            if let number = numbers[name] { destination[0] = number }
        }

        func stream(_ name: String, _ take: (UnsafeBufferPointer<Float>) throws -> Void) throws { try source.stream(name, take) }
    }

    @Test func whatIsMissingOrInTheWayIsNamed() throws {
        let source = try Self.source()
        func refusal(_ change: (TensorEntry) -> TensorEntry?) -> String? {
            do {
                _ = try InceptionCheckpoint(weights: Altered(source, change))
                return nil
            } catch { return error.description }
        }
        func reshaped(_ name: String, _ shape: [Int]) -> (TensorEntry) -> TensorEntry? {
            { entry in
                entry.name == name ? TensorEntry(name: name, type: entry.type, shape: shape, count: shape.reduce(1, *)) : entry
            }
        }
        for name in ["Mixed_6a.branch3x3.conv.weight", "Mixed_7c.branch_pool.bn.running_var"] {
            #expect(refusal { $0.name == name ? nil : $0 }?.contains("\(name) is missing") == true)
        }
        #expect(refusal { $0.name == "fc.weight" ? nil : $0 } == nil)
        #expect(refusal { $0.name.hasSuffix("num_batches_tracked") ? nil : $0 } == nil)
        let kernel = "Mixed_6b.branch7x7_2.conv.weight"
        #expect(refusal(reshaped(kernel, [4, 4, 7, 1]))?.contains("\(kernel) has shape [4, 4, 7, 1], expected [4, 4, 1, 7]") == true)
        #expect(refusal(reshaped(kernel, [1 << 40, 4, 1, 7]))?.contains("expected [2048, 4, 1, 7]") == true)
        #expect(refusal(reshaped(kernel, []))?.contains("expected [1, 4, 1, 7]") == true)
        let stranger = "AuxLogits.conv0.conv.weight"
        #expect(
            refusal { entry in
                entry.name == "fc.bias" ? TensorEntry(name: stranger, type: .float32, shape: [3], count: 3) : entry
            }?.contains("\(stranger) is not part") == true)
    }

    @Test(arguments: [("Conv2d_1a_3x3.bn.running_var", -1), ("Mixed_5b.branch1x1.conv.weight", Float.nan)])
    func numbersThatNoFeatureCouldComeOfAreRefused(name: String, number: Float) throws {
        let checkpoint = try InceptionCheckpoint(weights: Altered(Self.source(), numbers: [name: number]))
        #expect(throws: CheckpointError.self) { _ = try checkpoint.load() }
    }
}
