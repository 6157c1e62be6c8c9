import Engine
import Foundation
import Testing

/// Files that real torch.save wrote; Tests/Fixtures/make_torch_files.py made them.
@Suite struct TorchWeightsTests {
    private struct Expected: Decodable {
        let shape: [Int]
        let values: [Double]
    }

    private func values(_ source: any TensorSource, _ name: String) throws -> [Float] {
        let count = try #require(source.tensors.first { $0.name == name }).count
        var values = [Float](repeating: .nan, count: count)
        try values.withUnsafeMutableBufferPointer { try source.read(name, into: $0) }
        return values
    }

    private func open(_ path: String) throws -> any TensorSource {
        try WeightsFile.open(path: Golden.fixtures.appending(path: path).path, name: path)
    }

    @Test func aStateDictHasTheSameWeightsAsSafetensors() throws {
        let source = try open("torch/plain.bin")
        let expected = try Golden.tensors("unet/oblong/weights.safetensors")
        #expect(source is TorchWeights)
        #expect(Set(source.tensors.map(\.name)) == Set(expected.keys))
        for tensor in source.tensors {
            #expect(tensor.type == .float32)
            #expect(tensor.shape == expected[tensor.name]?.shape)
            #expect(try values(source, tensor.name) == expected[tensor.name]?.values)
        }
    }

    @Test(arguments: ["torch/views.pt", "torch/protocol4.pt", "torch/legacy.pt"])
    func everyViewAndFormatIsReadAsPyTorchReadsIt(path: String) throws {
        let source = try open(path)
        let expected = try JSONDecoder().decode([String: Expected].self, from: Golden.data("torch/views.json"))
        #expect(source.tensors.count == expected.count + 1)
        for (name, tensor) in expected {
            let entry = try #require(source.tensors.first { $0.name == name })
            #expect(entry.shape == tensor.shape, "\(name)")
            #expect(try values(source, name) == tensor.values.map { Float($0) }, "\(name)")
        }
        let types = Dictionary(uniqueKeysWithValues: source.tensors.map { ($0.name, $0.type) })
        #expect(types["float16"] == .float16 && types["bfloat16"] == .bfloat16 && types["float64"] == .float64)
        let large = try values(source, "large")
        for place in large.indices {
            let (row, column) = (place / 300, place % 300)
            let number = (column * 200 + row) % 251
            guard large[place] == Float(number) else {
                Issue.record("large[\(row), \(column)] is \(large[place]), not \(number)")
                return
            }
        }
    }

    @Test func whatHasNoSuchNumbersIsRefused() throws {
        let source = try open("torch/views.pt")
        var numbers = [Float](repeating: 0, count: 3)
        #expect(throws: CheckpointError.self) { try numbers.withUnsafeMutableBufferPointer { try source.read("plain", into: $0) } }
        #expect(throws: CheckpointError.self) { try numbers.withUnsafeMutableBufferPointer { try source.read("absent", into: $0) } }
    }
}
