import Engine
import Testing

/// Views of storages too large to be read in one piece.
@Suite struct TorchViewTests {
    struct View: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var offset = 0
        let size: [Int]
        let strides: [Int]
    }

    static let views = [
        View(testDescription: "contiguous", size: [1250, 1000], strides: [1000, 1]),
        View(testDescription: "transposed", size: [1000, 1250], strides: [1, 1000]),
        View(testDescription: "permuted", size: [50, 1000, 25], strides: [25, 1250, 1]),
        View(testDescription: "channels last", size: [10, 125, 25, 40], strides: [125_000, 1, 5000, 125]),
        View(testDescription: "every thousandth", offset: 7, size: [1250], strides: [1000]),
        View(testDescription: "a corner", offset: 3, size: [700, 300], strides: [1000, 3]),
        View(testDescription: "expanded inside", size: [1250, 2, 500], strides: [1000, 0, 2]),
        View(testDescription: "expanded outside", offset: 5, size: [3, 1, 1250], strides: [0, 9, 1000]),
        View(testDescription: "overlapping", size: [1000, 1250], strides: [2, 1]),
    ]

    /// Number k of the storage is k, which float32 holds exactly.
    @Test(arguments: views)
    func everyNumberIsTheOneThatItsStridesLeadTo(view: View) async throws {
        let numbers = (0..<1_250_000).map { Float($0) }
        let tensor = TorchFile.tensor(of: numbers.count, offset: view.offset, size: view.size, strides: view.strides)
        let pickle = [0x80, 2] + TorchFile.dictionary(("w", tensor)) + [0x2E]
        try await TorchFile.with(TorchFile.bytes(pickle: pickle, numbers: numbers)) { path in
            let source = try WeightsFile.open(path: path, name: "weights")
            var found = [Float](repeating: -1, count: try #require(source.tensors.first).count)
            try found.withUnsafeMutableBufferPointer { try source.read("w", into: $0) }
            var expected = [view.offset]
            for (size, stride) in zip(view.size, view.strides) {
                expected = expected.flatMap { start in (0..<size).map { start + $0 * stride } }
            }
            #expect(found == expected.map { Float($0) })
        }
    }
}
