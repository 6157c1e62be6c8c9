/// diffusers' `DDIMScheduler` made from the checkpoint's scheduler configuration (equation 12 of arXiv 2010.02502).
public struct DDIMSampler: Sampler {
    /// The timesteps at which the model is asked, descending.
    public let timesteps: [Int]
    private let schedule: NoiseSchedule
    private let eta: Float
    private let stride: Int

    /// Plans `steps` steps; `eta` 0 is deterministic, 1 as random as DDPM.
    ///
    /// - Throws: ``ConfigurationError`` when steps are not 1…T, eta not 0…1, or an offset leads past the last timestep.
    public init(schedule: NoiseSchedule, steps: Int, eta: Double = 0) throws(ConfigurationError) {
        guard (0...1).contains(eta) else { throw .invalid(key: "eta", expected: "0 to 1", found: "\(eta)") }
        timesteps = try schedule.timesteps(steps: steps)
        self.schedule = schedule
        self.eta = Float(eta)
        stride = schedule.count / steps
    }

    /// One step back. Noise is drawn at every step, the last included, exactly when eta is positive; its variance is never the network's.
    public func step(
        _ sample: UnsafeMutableBufferPointer<Float>, prediction: UnsafeBufferPointer<Float>, variance: UnsafeBufferPointer<Float>?,
        at index: Int, generator: inout TorchGenerator
    ) {
        let timestep = timesteps[index]
        // Not the list's next entry: diffusers steps by T / steps whatever the spacing.
        let previous = timestep - stride
        let alpha = schedule.alphasCumprod[timestep]
        let alphaPrevious = previous >= 0 ? schedule.alphasCumprod[previous] : schedule.setAlphaToOne ? 1 : schedule.alphasCumprod[0]
        let signal = alpha.squareRoot()
        let noiseScale = (1 - alpha).squareRoot()
        let variance = ((1 - alphaPrevious) / (1 - alpha)) * (1 - alpha / alphaPrevious)
        let deviation = eta * variance.squareRoot()  // equation 16
        // At eta 1 rounding can leave this a hair below zero.
        let direction = max(0, 1 - alphaPrevious - deviation * deviation).squareRoot()
        let signalPrevious = alphaPrevious.squareRoot()
        let limit = schedule.clipRange ?? .infinity
        for position in 0..<min(sample.count, prediction.count) {
            let x = sample[position]
            let parts = schedule.predictionType.parts(of: prediction[position], x, signal: signal, noise: noiseScale)
            // In this order of arguments NaN stays NaN, as in torch.clamp.
            let original = max(min(parts.original, limit), -limit)
            sample[position] = signalPrevious * original + direction * parts.noise
        }
        if eta > 0 {
            let fresh = generator.randn(sample.count)
            for position in 0..<sample.count { sample[position] += deviation * fresh[position] }
        }
    }
}
