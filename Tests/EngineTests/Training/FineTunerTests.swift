import Engine
import Foundation
import Testing

/// Against PyTorch's AdamW, a SOAP in PyTorch and diffusers' EMAModel; the golden files are made by Tests/Fixtures/make_training_golden.py.
@Suite struct FineTunerTests {
    struct Document: Decodable {
        let num_train_timesteps: Int
        let runs: [Run]
    }

    struct Run: Decodable {
        struct Step: Decodable {
            let loss: Double
            let gradient_norm: Double
            let learning_rate: Double
        }
        let model: String
        let steps: Int
        let batch_size: Int
        let learning_rate: Double
        let warmup_steps: Int
        let weight_decay: Double
        let ema_decay: Double
        let gradient_clip: Double?
        let flip: Bool
        let seed: Int
        let optimizer: String?
        let losses: [Step]

        var settings: FineTuner.Settings {
            var settings = FineTuner.Settings()
            settings.steps = steps
            settings.batchSize = batch_size
            settings.optimizer = optimizer.flatMap { OptimizerName(rawValue: $0) } ?? .adamw
            settings.learningRate = learning_rate
            settings.warmupSteps = warmup_steps
            settings.weightDecay = weight_decay
            settings.emaDecay = ema_decay
            settings.gradientClip = gradient_clip
            settings.flip = flip
            settings.seed = seed
            return settings
        }
    }

    static func pictures(_ images: Golden.Tensor) -> PictureSet {
        let shape = Shape(height: images.shape[2], width: images.shape[3], channels: images.shape[1])
        return PictureSet(count: images.shape[0], shape: shape) { index in
            (0..<shape.count).map { place in
                let (pixel, channel) = (place / shape.channels, place % shape.channels)
                let value = images.values[index * shape.count + channel * shape.pixels + pixel]
                return UInt8(((value + 1) * 127.5).rounded())
            }
        }
    }

    /// `CosineAnnealingLR(optimizer, T_max=8)` and, with a warm-up of 2 steps, the same after it: the factors PyTorch 2.13 prints.
    @Test func aCosineFallsToZeroOverTheSteps() {
        let factors = [1, 0.9619397662556434, 0.8535533905932737, 0.6913417161825449, 0.5, 0.3086582838174551, 0.14644660940672627]
        func rates(_ schedule: LearningRateSchedule, warmup: Int, _ steps: Int) -> [Double] {
            (1...steps).map { schedule.factor(step: $0, of: steps, warmup: warmup) }
        }
        for (found, expected) in zip(rates(.cosine, warmup: 0, 8), factors) { #expect(abs(found - expected) < 1e-15) }
        #expect(Array(rates(.cosine, warmup: 2, 10)[2...]) == rates(.cosine, warmup: 0, 8))
        #expect(rates(.cosine, warmup: 2, 10)[..<2] == [0.5, 1])
        #expect(rates(.constant, warmup: 2, 4) == [0.5, 1, 1, 1])
        #expect(rates(.cosine, warmup: 4, 4) == [0.25, 0.5, 0.75, 1])
    }

    private static func objective(_ images: Golden.Tensor) -> NoisePrediction {
        NoisePrediction(pictures(images), alphasCumprod: PruningGoldenTests.alphasCumprod)
    }

    @Test(arguments: [0, 1, 2])
    func lossesNormsWeightsAndAveragesAgreeWithPyTorch(number: Int) throws {
        let document = try JSONDecoder().decode(Document.self, from: Golden.data("training/finetuning.json"))
        let tensors = try Golden.tensors("training/finetuning.safetensors")
        let run = document.runs[number]
        let (model, weights) = try Golden.unet(run.model)
        var steps: [FineTuner.Step] = []
        let (averaged, last) = try FineTuner(run.settings).run(
            training: TrainedModel(model: model, weights: weights), on: Self.objective(try #require(tensors["images"])),
            parallel: Parallel(threads: 2)
        ) { step, _ in steps.append(step) }

        #expect(last.buffer === weights.buffer, "no second copy of the weights")
        #expect(steps.map(\.step) == Array(1...run.steps))
        for (step, expected) in zip(steps, run.losses) {
            #expect(abs(step.loss / expected.loss - 1) < 1e-4)
            #expect(abs(step.gradientNorm / expected.gradient_norm - 1) < 1e-3)
            #expect(abs(step.learningRate / expected.learning_rate - 1) < 1e-9)
        }
        guard number != 1 else { return }
        let suffix = number == 0 ? "." : "\(number)."
        for (prefix, result) in [("weights" + suffix, last), ("ema" + suffix, averaged)] {
            for (index, parameter) in result.parameters.enumerated() where !parameter.name.hasSuffix("to_k.bias") {
                let expected = try #require(tensors[prefix + parameter.name])
                let error = zip(result.torchOrder(index), expected.values).map { abs($0 - $1) }.max() ?? 1
                // A step moves a weight by about the learning rate, whatever its gradient: compare in such steps.
                #expect(error < 0.05 * Float(run.learning_rate), "\(prefix)\(parameter.name)")
            }
        }
    }

    @Test func aLossThatIsNotFiniteEndsTheRun() throws {
        let (model, weights) = try Golden.unet("learned")
        let index = try #require(weights.index(of: "conv_in.bias"))
        weights.pointer(index)[0] = .nan
        let images = try #require(try Golden.tensors("training/finetuning.safetensors")["images"])
        #expect(throws: TrainingError.lossNotFinite(step: 1)) {
            try FineTuner(FineTuner.Settings()).run(
                training: TrainedModel(model: model, weights: weights), on: Self.objective(images), parallel: Parallel(threads: 1)
            ) { _, _ in }
        }
    }
}
