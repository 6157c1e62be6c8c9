import Engine
import Foundation
import Testing

/// Weights that are drawn, or converted, on their way to a file.
@Suite struct FreshWeightsTests {
    private final class Collected {
        var bytes: [UInt8] = []
        func append(_ part: UnsafeRawBufferPointer) { bytes += part }
    }

    private func config(_ name: String) throws -> Data { try Golden.data("unet/\(name)/config.json") }

    /// Those in memory are held against PyTorch's by `freshWeightsAreThoseOfDiffusersConstructors`.
    @Test(arguments: UNet2DModelTests.names)
    func drawnPieceByPieceTheyAreWhatTheyAreInMemory(name: String) throws {
        let (whole, pieces) = (Collected(), Collected())
        try DiffusionCheckpoint(config: config(name), initializingFrom: 7, scheduler: nil).writeWeights(to: whole.append)
        try FreshWeights(config: config(name), seed: 7, scheduler: nil).write(to: pieces.append)
        #expect(whole.bytes == pieces.bytes)
    }

    @Test func theyAreDrawnOfNoLargerNetworkThanTheLimit() throws {
        let count = try FreshWeights(config: config("ddpm"), seed: 0, scheduler: nil).model.graph.parameterCount
        #expect(throws: CheckpointError.tooManyToDraw(parameters: count, limit: count - 1)) {
            try FreshWeights(config: config("ddpm"), seed: 0, scheduler: nil, limit: count - 1)
        }
    }

    @Test func convertedPieceByPieceTheyAreWhatTheyAreInMemory() throws {
        let source = try WeightsFile.open(path: Golden.fixtures.appending(path: "ddim/ckpt.pth").path, name: "ckpt.pth")
        let config = try Golden.data("ddim/config.json")
        let (whole, pieces) = (Collected(), Collected())
        let checkpoint = try DiffusionCheckpoint(config: config, weights: source, scheduler: nil)
        try checkpoint.writeWeights(to: whole.append)
        let warnings = try UploadedWeights(config: config, weights: source, scheduler: nil).read(writingTo: pieces.append)
        #expect(whole.bytes == pieces.bytes)
        #expect(warnings == checkpoint.warnings)
    }
}
