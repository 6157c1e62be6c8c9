import Engine
import Foundation
import Testing

/// Sampling in parts, and from where it stood.
@Suite struct PartSamplingTests {
    @Test func aRunThatGoesOnEndsAsAnUndisturbedOne() throws {
        let (model, weights) = try Golden.unet("ddpm")
        let trained = TrainedModel(model: model, weights: weights)
        let schedule = try NoiseSchedule(json: Data(#"{"num_train_timesteps": 50}"#.utf8))
        let sampling = Sampling(samples: 3, method: .ddpm, steps: 6, eta: 0, seed: 3)
        var states: [Sampling.State] = []
        let whole = try sampling.run(trained, schedule: schedule, parallel: Parallel(threads: 2)) { states.append($0) }
        #expect(states.map(\.step) == Array(1...6))
        for state in states {
            #expect(try sampling.run(trained, schedule: schedule, parallel: Parallel(threads: 2), from: state) == whole)
        }
    }

    @Test func manySamplesAreDrawnAsThousandsByThemselves() {
        let sampling = Sampling(samples: 2500, method: .ddim, steps: 5, eta: 0.5, seed: 9, guidanceScale: 2)
        #expect(sampling.parts == 3)
        #expect((0..<3).map { sampling.part($0).samples } == [1024, 1024, 452])
        #expect((0..<3).map { sampling.part($0).seed } == [9, 10, 11])
        #expect((0..<3).map { sampling.part($0).first } == [0, 1024, 2048])
        #expect(sampling.part(1).isGuided && sampling.part(1).eta == 0.5)
    }

    @Test func theMiddleOfANetworkIsItsMiddleBlock() throws {
        let (model, weights) = try Golden.unet("ddpm")
        let schedule = try NoiseSchedule(json: Data(#"{"num_train_timesteps": 50}"#.utf8))
        #expect(MiddleFeatures.node(of: model)?.hasPrefix("mid_block") == true)
        #expect(MiddleFeatures.timestep(schedule) == 5)
        let middle = try #require(
            MiddleFeatures(
                TrainedModel(model: model, weights: weights), schedule, conditions: nil, memory: .max, parallel: Parallel(threads: 2)))
        var generator = TorchGenerator(seed: 2)
        let size = model.sampleShape.count
        let pictures = generator.randn(18 * size)
        let features = middle.features(of: pictures)
        let width = try #require(MiddleFeatures.width(of: model))
        #expect(features.count == 18 * width)
        // A picture's features are its own, wherever it stands.
        let second = middle.features(of: Array(pictures[size..<(2 * size)]))
        for (found, expected) in zip(second, features[width..<(2 * width)]) { #expect(abs(found - expected) < 1e-4) }
    }
}
