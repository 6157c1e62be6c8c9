import Documents
import Engine
import Foundation
import Testing

/// Checkpoints of the DDIM code base; Tests/Fixtures/make_torch_files.py made them.
@Suite struct DDIMCheckpointTests {
    private func source() throws -> any TensorSource {
        try WeightsFile.open(path: Golden.fixtures.appending(path: "ddim/ckpt.pth").path, name: "ckpt.pth")
    }

    @Test func theMovingAverageOfATrainingCheckpointComputesWhatThatCodeComputes() throws {
        let checkpoint = try DiffusionCheckpoint(config: Golden.data("ddim/config.json"), weights: source(), scheduler: nil)
        let golden = try Golden.tensors("ddim/golden.safetensors")
        let output = try Golden.run(checkpoint.trained, golden)
        #expect(relativeError(output, try #require(golden["output"]).values) < 1e-5)
        #expect(checkpoint.warnings.contains { $0.detail.contains("list of 5") && $0.detail.contains("moving average") })
        let uploaded = try UploadedWeights(config: Golden.data("ddim/config.json"), weights: source(), scheduler: nil)
        #expect(!uploaded.hasForm)
    }

    @Test(
        arguments: [
            ("norm_eps", JSON.double(1e-5)), ("flip_sin_to_cos", true), ("freq_shift", 0), ("downsample_padding", 1),
            ("attention_head_dim", 4),
            ("mid_block_scale_factor", 2), ("resnet_time_scale_shift", "scale_shift"),
        ] as [(String, JSON)])
    func aConfigurationOfAnotherFunctionIsRefused(key: String, value: JSON) throws {
        let config = try JSON(parsing: Golden.data("ddim/config.json")).replacing([key: value])
        do {
            _ = try DiffusionCheckpoint(config: Data(config.compact.utf8), weights: source(), scheduler: nil)
            Issue.record("\(key) was accepted")
        } catch CheckpointError.configuration(_, .invalid(let found, _, _)) {
            #expect(found == key)
        }
    }
}
