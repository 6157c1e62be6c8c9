/// The loss of a noise-predicting model, L = mean((ε_θ(x_t, t) - ε)²) with x_t = √ᾱ_t · x₀ + √(1-ᾱ_t) · ε (arXiv 2006.11239, equation 14),
/// and its gradient, computed on one executor.
public struct NoisePrediction {
    let executor: Executor
    /// √ᾱ_t and √(1-ᾱ_t) as float32, for every t.
    private let signal: [Float]
    private let noise: [Float]
    private let target: Buffer

    /// - Parameters:
    ///   - alphasCumprod: ᾱ_t for every timestep.
    public init(_ executor: Executor, alphasCumprod: [Float]) {
        self.executor = executor
        signal = alphasCumprod.map { $0.squareRoot() }
        noise = alphasCumprod.map { (1 - $0).squareRoot() }
        target = Buffer(count: executor.batch * executor.outputShape.count)
    }

    /// Runs forward on noised pictures and returns the mean squared error over the whole batch.
    ///
    /// - Parameters:
    ///   - pictures: x₀, (batch, channels, height, width), in [-1, 1].
    ///   - noise: ε, of the same shape.
    ///   - timesteps: one t per picture.
    public func loss(pictures: UnsafePointer<Float>, noise epsilon: UnsafePointer<Float>, timesteps: [Int]) -> Double {
        let shape = executor.sampleShape
        PixelOrder.channelsLast(pictures, to: executor.sample, batch: executor.batch, shape: shape)
        PixelOrder.channelsLast(epsilon, to: target.pointer, batch: executor.batch, shape: shape)
        for (image, timestep) in timesteps.enumerated() {
            let (a, b) = (signal[timestep], noise[timestep])
            let x = executor.sample + image * shape.count
            Elementwise.map(shape.count, x, target.pointer + image * shape.count, into: x) { $0 * a + $1 * b }
            executor.timesteps[image] = Float(timestep)
        }
        executor.forward()
        var total = 0.0
        for image in 0..<executor.batch {
            var sum: Float = 0
            for i in (image * shape.count)..<((image + 1) * shape.count) {
                let difference = executor.output[i] - target.pointer[i]
                sum += difference * difference
                // Summed in short runs so that rounding stays far below float32's.
                if i % 256 == 255 {
                    total += Double(sum)
                    sum = 0
                }
            }
            total += Double(sum)
        }
        return total / Double(executor.batch * shape.count)
    }

    /// Adds the gradient of the last ``loss(pictures:noise:timesteps:)`` to the executor's gradients.
    public func backward() {
        let count = executor.batch * executor.outputShape.count
        let scale = 2 / Float(count)
        Elementwise.map(count, executor.output, target.pointer, into: executor.outputGradient) { ($0 - $1) * scale }
        executor.backward()
    }
}
