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
        let conditions = model.condition?.conditions(of: [2, 0, 4, 1, 4], among: 4)
        let set = PictureSet.of(pictures, executor.sampleShape, conditions)
        let objective = NoisePrediction(set, alphasCumprod: PruningGoldenTests.alphasCumprod)
        let running = ObjectiveExecutor(objective, in: executor, samples: 5)
        let all = NoisePrediction.Examples(
            pictures: pictures, noise: noise, timesteps: [3, 48, 0, 20, 31], conditions: model.condition == nil ? [] : [2, 0, 4, 1, 4])
        let loss: Double
        if inOneWalk {
            loss = running.lossAndBackward(all)
        } else {
            loss = running.loss(all)
            running.backward(all)
        }
        return (loss, gradients.buffer.array)
    }

    @Test(arguments: PredictionType.allCases)
    func thePredictionIsComparedWithWhatIsToBePredicted(type: PredictionType) throws {
        let (model, weights) = try Golden.unet("ldm")
        let executor = Executor(graph: model.graph, weights: weights, batch: 3, parallel: Parallel(threads: 2))
        var generator = TorchGenerator(seed: 4)
        let count = executor.sampleShape.count
        let (pictures, noise) = (generator.randn(3 * count), generator.randn(3 * count))
        let (timesteps, alphas) = ([3, 48, 0], PruningGoldenTests.alphasCumprod)
        let objective = NoisePrediction(PictureSet.of(pictures, executor.sampleShape), alphasCumprod: alphas, predicting: type)
        let bindings = objective.bindings(in: executor)
        objective.feed(.init(pictures: pictures, noise: noise, timesteps: timesteps), 0..<3, to: bindings)

        func channelsFirst(_ values: UnsafeMutablePointer<Float>) -> [Float] {
            var result = [Float](repeating: 0, count: 3 * count)
            PixelOrder.channelsFirst(values, to: &result, batch: 3, shape: executor.sampleShape)
            return result
        }
        var (mixed, wanted) = (pictures, pictures)
        for index in pictures.indices {
            let alpha = Double(alphas[timesteps[index / count]])
            let (a, b) = (alpha.squareRoot(), (1 - alpha).squareRoot())
            let (x, e) = (Double(pictures[index]), Double(noise[index]))
            mixed[index] = Float(a * x + b * e)
            wanted[index] = Float(type == .epsilon ? e : type == .sample ? x : a * e - b * x)
        }
        #expect(largestDifference(channelsFirst(executor.sample), mixed) < 1e-6)
        #expect(largestDifference(channelsFirst(bindings.prediction.target.pointer), wanted) < 1e-6)
    }

    /// As many are shown without their class as the probability says, by numbers that are drawn last.
    @Test func aShareOfPicturesIsShownWithTheEmptyCondition() throws {
        let shape = Shape(height: 2, width: 2, channels: 1)
        let conditions = Conditions(input: "class_labels", count: 1, pictures: 8, empty: [99]) { [Float($0)] }
        let set = PictureSet(numbersOf: 8, shape: shape, conditions: conditions) { index in [Float](repeating: Float(index), count: 4) }
        for probability in [0.0, 0.3, 1.0] {
            let objective = NoisePrediction(
                set, alphasCumprod: PruningGoldenTests.alphasCumprod, unconditionalProbability: probability)
            var (generator, twin) = (TorchGenerator(seed: 5), TorchGenerator(seed: 5))
            let examples = try objective.draw(40, mirroring: true, from: &generator)
            let indices = twin.randint(below: 8, count: 40)
            _ = twin.randn(160)
            _ = twin.randint(below: PruningGoldenTests.alphasCumprod.count, count: 40)
            _ = twin.randint(below: 2, count: 40)
            let expected = zip(indices, twin.rand(40)).map { $1 < Float(probability) ? 99 : Float($0) }
            #expect(examples.conditions == expected)
            #expect(generator.rand(1) == twin.rand(1), "nothing else is drawn")
            let held = try objective.heldOut(3, from: &generator)
            #expect(held.conditions == [5, 6, 7])
            let scored = try objective.scoring(2, from: &generator)
            #expect(objective.scoring(scored, at: 7).conditions == [0, 1])
        }
    }

    /// Also where the last part has empty places, and where even one picture's activations are made again.
    @Test(arguments: ["ddpm", "ldm", "scale_shift", "classes"], [1, 2, 3, 4, 5])
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
