import Engine
import Foundation
import Testing

struct SamplerTests {
    private struct Golden: Decodable {
        struct Case: Decodable {
            let configuration: String
            let sampler: String
            let steps: Int
            let eta: Double
            let timesteps: [Int]
            let alphasCumprod: [Float]
            let samples: [[Float]]
        }
        struct List: Decodable {
            let spacing: String
            let total: Int
            let steps: Int
            let weighted: Int
            let first: Int
            let last: Int
        }
        let cases: [Case]
        let timesteps: [List]
    }

    @Test func schedulesAndStepsAreThoseOfDiffusers() throws {
        for golden in try GoldenFile.decode("diffusion.json", as: Golden.self).cases {
            let schedule = try NoiseSchedule(json: Data(golden.configuration.utf8))
            let alphas =
                stride(from: 0, to: schedule.count, by: 17).map { schedule.alphasCumprod[$0] } + [
                    schedule.alphasCumprod[schedule.count - 1]
                ]
            // PyTorch's square root of many numbers, which is in zero terminal SNR, is not always the nearest float.
            let difference = largestDifference(alphas, golden.alphasCumprod)
            #expect(schedule.alphasCumprod.last == 0 ? difference < 1e-6 : difference == 0, "\(golden.configuration)")

            let sampler: any Sampler =
                golden.sampler == "ddim"
                ? try DDIMSampler(schedule: schedule, steps: golden.steps, eta: golden.eta)
                : try DDPMSampler(schedule: schedule, steps: golden.steps)
            #expect(sampler.timesteps == golden.timesteps, "\(golden.configuration)")

            var generator = TorchGenerator(seed: 11)
            #expect(largestDifference(generator.randn(24), golden.samples[0]) <= 3e-7)
            for (index, timestep) in sampler.timesteps.enumerated() {
                var sample = golden.samples[index]
                let noise = sample.map { sin(3 * $0) * 0.7 + 0.001 * Float(timestep) }
                sample.withUnsafeMutableBufferPointer { sample in
                    noise.withUnsafeBufferPointer { sampler.step(sample, prediction: $0, variance: nil, at: index, generator: &generator) }
                }
                let largest = golden.samples[index + 1].reduce(1) { max($0, abs($1)) }
                // Unclipped, a prediction of x_0 divides the rounding by √ᾱ, down to 0.006.
                let tolerance: Float = schedule.clipRange == nil ? 2e-5 : 2e-6
                #expect(
                    largestDifference(sample, golden.samples[index + 1]) <= tolerance * largest, "\(golden.configuration) step \(index)")
            }
        }
    }

    @Test func timestepsAreThoseOfDiffusers() throws {
        for list in try GoldenFile.decode("diffusion.json", as: Golden.self).timesteps {
            let json = "{\"num_train_timesteps\": \(list.total), \"timestep_spacing\": \"\(list.spacing)\"}"
            let timesteps = try DDIMSampler(schedule: NoiseSchedule(json: Data(json.utf8)), steps: list.steps).timesteps
            #expect(timesteps.count == list.steps)
            #expect(timesteps.first == list.first && timesteps.last == list.last)
            #expect(zip(1..., timesteps).reduce(0) { $0 + $1.0 * $1.1 } == list.weighted, "\(list.spacing) \(list.steps) of \(list.total)")
        }
    }

    @Test func trailingTimestepsNeverEndBelowZero() throws {
        let schedule = try NoiseSchedule(json: Data(#"{"timestep_spacing": "trailing"}"#.utf8))
        for steps in 1...1000 {
            let timesteps = try DDPMSampler(schedule: schedule, steps: steps).timesteps
            #expect(timesteps.count == steps && timesteps.allSatisfy { (0..<1000).contains($0) })
        }
    }

    @Test func samplersRefuseWhatTheyCannotPlan() throws {
        let schedule = try NoiseSchedule(json: nil)
        #expect(throws: ConfigurationError.self) { try DDIMSampler(schedule: schedule, steps: 0) }
        #expect(throws: ConfigurationError.self) { try DDPMSampler(schedule: schedule, steps: 1001) }
        #expect(throws: ConfigurationError.self) { try DDIMSampler(schedule: schedule, steps: 10, eta: -0.1) }
        let offset = try NoiseSchedule(json: Data(#"{"steps_offset": 1}"#.utf8))
        #expect(throws: ConfigurationError.self) { try DDIMSampler(schedule: offset, steps: 1000) }
        #expect(try DDIMSampler(schedule: offset, steps: 500).timesteps.first == 999)
    }
}
