import Engine
import Testing

@Suite struct NoisePredictionTests {
    /// The loss and the gradients of five pictures, `batch` at a time.
    private func run(_ name: String, batch: Int, inOneWalk: Bool, segments: Int = 1) throws -> (loss: Double, gradients: [Float]) {
        let (model, weights) = try Golden.unet(name)
        let gradients = Weights(weights.parameters)
        let executor = Executor(
            graph: model.graph, weights: weights, gradients: gradients, batch: batch, segments: segments, parallel: Parallel(threads: 2))
        var generator = TorchGenerator(seed: 3)
        let pictures = generator.randn(5 * executor.sampleShape.count)
        let noise = generator.randn(pictures.count)
        let objective = NoisePrediction(
            PictureSet.of(pictures, executor.sampleShape), alphasCumprod: PruningGoldenTests.alphasCumprod)
        let running = ObjectiveExecutor(objective, in: executor, samples: 5)
        let all = NoisePrediction.Examples(pictures: pictures, noise: noise, timesteps: [3, 48, 0, 20, 31])
        let loss: Double
        if inOneWalk {
            loss = running.lossAndBackward(all)
        } else {
            loss = running.loss(all)
            running.backward(all)
        }
        return (loss, gradients.buffer.array)
    }

    /// Also where the last part has empty places, and where even one picture's activations are made again.
    @Test(arguments: ["ddpm", "ldm", "scale_shift"], [1, 2, 3, 4, 5])
    func aBatchInPartsHasTheNumbersOfTheWhole(name: String, batch: Int) throws {
        let whole = try run(name, batch: 5, inOneWalk: false)
        #expect(whole.loss > 0)
        for inOneWalk in [false, true] {
            for segments in [1, 4] {
                let parts = try run(name, batch: batch, inOneWalk: inOneWalk, segments: segments)
                #expect(abs(parts.loss / whole.loss - 1) < 1e-6)
                #expect(relativeError(parts.gradients, whole.gradients) < 1e-5)
            }
        }
    }
}
