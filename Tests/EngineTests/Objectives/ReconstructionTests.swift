import Engine
import Foundation
import Testing

/// Scoring, fine-tuning and the held-out loss serve an objective of other inputs and outputs than noise prediction's, without timesteps, and
/// a network to fit.
@Suite struct ReconstructionTests {
    private let trained: TrainedModel
    private let objective: Reconstruction
    /// Seven pictures.
    private let numbers: [Float]
    private let shape: Shape
    private let parallel = Parallel(threads: 2)

    init() throws {
        trained = TrainedModel(initializing: try Narrowing(json: Data(), shapes: [:]), seed: 3)
        shape = trained.model.sampleShape
        var generator = TorchGenerator(seed: 4)
        numbers = generator.randn(7 * shape.count)
        objective = Reconstruction(PictureSet.of(numbers, shape))
    }

    /// Pictures as the twin takes them, (pictures, height, width, channels).
    private func samples(_ pictures: some Sequence<Int>) -> Samples {
        var values: [Double] = []
        for picture in pictures {
            for pixel in 0..<shape.pixels {
                for channel in 0..<shape.channels {
                    values.append(Double(numbers[(picture * shape.channels + channel) * shape.pixels + pixel]))
                }
            }
        }
        return Samples(batch: values.count / shape.count, shape: shape, values: values)
    }

    private var parameters: [PlainTensor] {
        trained.weights.parameters.enumerated().map {
            PlainTensor(shape: $1.shape, values: trained.weights.torchOrder($0).map(Double.init))
        }
    }

    private func loss(_ pictures: some Sequence<Int>) -> Double { Narrowing.loss([samples(pictures)], parameters).values[0] }

    /// Differences of the loss of some pictures, `weight` times.
    private func differences(_ pictures: some Sequence<Int>, weight: Double) -> FiniteDifferences {
        FiniteDifferences(inputs: [samples(pictures)], parameters: parameters, functional: [weight], twin: Narrowing.loss)
    }

    /// Three batches of two pictures; in the second run memory takes a single picture at a time.
    @Test(arguments: [Int.max, 0]) func scoringAddsTheGradientsOfItsPoints(memory: Int) throws {
        let scoring = Scoring(method: .taylor, threshold: 0, points: [0, 1, 2], seed: 5)
        var losses: [Scoring.PointLoss] = []
        var scored: Weights?
        _ = try scoring.run(trained, on: objective, samples: 2, memory: memory, parallel: parallel) { loss, state in
            losses.append(loss)
            scored = state.accumulated.gradients
        }
        let gradients = try #require(scored)
        #expect(losses.map(\.point) == [0, 1, 2])
        for loss in losses {
            let expected = self.loss((2 * loss.point)..<(2 * loss.point + 2))
            #expect(abs(loss.loss / expected - 1) < 1e-5)
        }
        // The mean over six pictures, three times, is the sum of three means over two.
        var differences = differences(0..<6, weight: 3)
        for index in parameters.indices {
            for probe in differences.probes(of: index + 1) {
                #expect(probe.error(of: gradients.torchOrder(index)) < 1e-4, "\(gradients.parameters[index].name), \(probe)")
            }
        }
    }

    @Test func aLossThatIsNotFiniteNamesThePointInTheObjectivesWords() throws {
        trained.weights.pointer(0)[0] = .nan
        let scoring = Scoring(method: .taylor, threshold: 0, points: [1], seed: 5)
        #expect(throws: PruningError.lossNotFinite(at: "batch 1")) {
            _ = try scoring.run(trained, on: objective, samples: 2, parallel: parallel) { _, _ in }
        }
    }

    /// AdamW's first step moves every number by the learning rate against the sign of its slope.
    @Test func fineTuningGoesDownTheSlope() throws {
        var settings = FineTuner.Settings()
        (settings.steps, settings.batchSize, settings.learningRate, settings.emaDecay) = (1, 3, 1e-3, 0)
        settings.flip = false
        var generator = TorchGenerator(seed: settings.seed)
        let drawn = generator.randint(below: 7, count: 3)
        let (expected, before) = (loss(drawn), parameters)
        var differences = differences(drawn, weight: 1)
        var steps: [FineTuner.Step] = []
        _ = try FineTuner(settings).run(training: trained, on: objective, parallel: parallel) { step, _ in steps.append(step) }
        let found = try #require(steps.first).loss
        #expect(abs(found / expected - 1) < 1e-5)
        var moved = 0
        for index in parameters.indices {
            let after = trained.weights.torchOrder(index)
            for probe in differences.probes(of: index + 1) where abs(probe.slope) > 1e-4 {
                let place = probe.direction[0].index
                let move = Double(after[place]) - before[index].values[place]
                #expect(abs(move + (probe.slope > 0 ? 1e-3 : -1e-3)) < 1e-5, "\(trained.weights.parameters[index].name), \(probe)")
                moved += 1
            }
        }
        #expect(moved > 15)
        #expect(loss(drawn) < expected)
    }

    @Test func theHeldOutLossIsThatOfTheLastPictures() throws {
        let held = try HeldOutLoss(objective, seed: 6)
        #expect(abs(held.evaluate(trained, parallel: parallel) / loss(0..<7) - 1) < 1e-5)
    }
}
