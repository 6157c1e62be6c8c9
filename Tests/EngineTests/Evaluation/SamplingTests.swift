import Documents
import Engine
import Foundation
import Testing

/// Against diffusers' schedulers around a whole model; the golden files are made by Tests/Fixtures/make_training_golden.py.
@Suite struct SamplingTests {
    private static func cases() throws -> [JSON] {
        guard case .array(let cases) = try JSON(parsing: Array(Golden.data("training/sampling.json")))["cases"] else { return [] }
        return cases
    }

    @Test func samplesAgreeWithDiffusers() throws {
        let expected = try Golden.tensors("training/sampling.safetensors")
        let cases = try Self.cases()
        #expect(cases.count == 14)
        for (number, golden) in cases.enumerated() {
            guard case .string(let name) = golden["model"], case .string(let method) = golden["sampler"],
                let scheduler = golden["scheduler"],
                let samples = golden["samples"]?.integer, let steps = golden["steps"]?.integer, let eta = golden["eta"]?.double,
                let seed = golden["seed"]?.integer
            else {
                Issue.record("case \(number) is incomplete")
                continue
            }
            let (model, weights) = try Golden.unet(name)
            let schedule = try NoiseSchedule(json: Data(scheduler.compact.utf8))
            let sampling = Sampling(
                samples: samples, method: try #require(Sampling.Method(rawValue: method)), steps: steps, eta: eta, seed: seed)
            var done: [Int] = []
            let result = try sampling.run(TrainedModel(model: model, weights: weights), schedule: schedule, parallel: Parallel(threads: 2))
            {
                done.append($0.step)
            }
            #expect(done == Array(1...steps))
            #expect(relativeError(result, try #require(expected["\(number)"]).values) < 1e-3, "case \(number): \(golden.compact)")
        }
    }

    @Test func theHeldOutLossAgreesWithPyTorch() throws {
        let golden = try JSON(parsing: Array(Golden.data("training/evaluation.json")))
        let images = try #require(try Golden.tensors("training/evaluation.safetensors")["images"])
        let (model, weights) = try Golden.unet("learned")
        let schedule = try NoiseSchedule(json: Data(#"{"num_train_timesteps": 50}"#.utf8))
        guard let seed = golden["loss"]?["seed"]?.integer, let loss = golden["loss"]?["loss"]?.double else {
            Issue.record("the golden file is incomplete")
            return
        }
        // The contract draws the noise from evaluation.seed + 1.
        let objective = NoisePrediction(FineTunerTests.pictures(images), alphasCumprod: schedule.alphasCumprod)
        let held = try HeldOutLoss(objective, seed: seed + 1)
        let found = held.evaluate(TrainedModel(model: model, weights: weights), parallel: Parallel(threads: 2))
        #expect(abs(found / loss - 1) < 1e-4)
    }
}
