import Foundation

/// diffusers' `DDPMScheduler` made from the checkpoint's scheduler configuration (equation 7 of arXiv 2006.11239).
public struct DDPMSampler: Sampler {
    /// The timesteps at which the model is asked, descending.
    public let timesteps: [Int]
    private let schedule: NoiseSchedule

    /// Plans `steps` steps.
    ///
    /// - Throws: ``ConfigurationError`` when steps are not 1…T or an offset leads past the last timestep.
    public init(schedule: NoiseSchedule, steps: Int) throws(ConfigurationError) {
        timesteps = try schedule.timesteps(steps: steps)
        self.schedule = schedule
    }

    /// One step back. Noise is drawn while the timestep is positive.
    public func step(
        _ sample: UnsafeMutableBufferPointer<Float>, prediction: UnsafeBufferPointer<Float>, variance: UnsafeBufferPointer<Float>?,
        at index: Int, generator: inout TorchGenerator
    ) {
        let timestep = timesteps[index]
        let alpha = schedule.alphasCumprod[timestep]
        let alphaPrevious = index + 1 < timesteps.count ? schedule.alphasCumprod[timesteps[index + 1]] : 1
        let beta = 1 - alpha
        let stepAlpha = alpha / alphaPrevious
        let stepBeta = 1 - stepAlpha
        let signal = alpha.squareRoot()
        let noiseScale = beta.squareRoot()
        let originalShare = alphaPrevious.squareRoot() * stepBeta / beta
        let sampleShare = stepAlpha.squareRoot() * (1 - alphaPrevious) / beta
        let limit = schedule.clipRange ?? .infinity
        for position in 0..<min(sample.count, prediction.count) {
            let x = sample[position]
            let parts = schedule.predictionType.parts(of: prediction[position], x, signal: signal, noise: noiseScale)
            // In this order of arguments NaN stays NaN, as in torch.clamp.
            let original = max(min(parts.original, limit), -limit)
            sample[position] = originalShare * original + sampleShare * x
        }
        if timestep > 0 {
            let deviation = deviation(small: (1 - alphaPrevious) / beta * stepBeta, large: stepBeta)
            let fresh = generator.randn(sample.count)
            for position in 0..<sample.count { sample[position] += deviation(variance?[position] ?? 0) * fresh[position] }
        }
    }

    /// The deviation of a number's noise, by what the network says of its variance.
    private func deviation(small: Float, large: Float) -> (Float) -> Float {
        let small = max(small, 1e-20)
        let fixed: Float
        switch schedule.varianceType {
        case .fixedSmall: fixed = small.squareRoot()
        case .fixedSmallLog: fixed = exp(0.5 * log(small))
        case .fixedLarge: fixed = large.squareRoot()
        case .learned: return { $0.squareRoot() }
        case .learnedRange:
            let (lowest, highest) = (log(small), log(large))
            return { predicted in
                let share = (predicted + 1) / 2
                return exp(0.5 * (share * highest + (1 - share) * lowest))
            }
        }
        return { _ in fixed }
    }
}
