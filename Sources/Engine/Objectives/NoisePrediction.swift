/// The loss of a noise-predicting model, L = mean((ε_θ(x_t, t) - ε)²) with x_t = √ᾱ_t · x₀ + √(1-ᾱ_t) · ε (arXiv 2006.11239, equation 14),
/// and its gradient, computed on one executor; where that takes fewer samples than the batch has, in parts.
public struct NoisePrediction {
    let executor: Executor
    /// Samples of the whole batch.
    let samples: Int
    /// √ᾱ_t and √(1-ᾱ_t) as float32, for every t.
    private let signal: [Float]
    private let noise: [Float]
    private let target: Buffer
    private let sample: Executor.Binding
    private let timestep: Executor.Binding
    private let prediction: Executor.Binding

    /// - Parameters:
    ///   - samples: of the whole batch; nil is as many as the executor takes at once.
    ///   - alphasCumprod: ᾱ_t for every timestep.
    public init(_ executor: Executor, samples: Int? = nil, alphasCumprod: [Float]) {
        self.executor = executor
        self.samples = samples ?? executor.batch
        signal = alphasCumprod.map { $0.squareRoot() }
        noise = alphasCumprod.map { (1 - $0).squareRoot() }
        (sample, timestep, prediction) = (executor.input("sample"), executor.input("timestep"), executor.output("out_sample"))
        target = Buffer(count: executor.batch * prediction.shape.count)
    }

    /// A batch whose loss is asked for.
    public struct Batch {
        /// x₀, (samples, channels, height, width), in [-1, 1].
        let pictures: UnsafePointer<Float>
        /// ε, of the same shape.
        let noise: UnsafePointer<Float>
        /// One t per picture.
        let timesteps: [Int]

        /// Memory that must outlive the calls it is handed to.
        public init(pictures: UnsafePointer<Float>, noise: UnsafePointer<Float>, timesteps: [Int]) {
            self.pictures = pictures
            self.noise = noise
            self.timesteps = timesteps
        }
    }

    private var parts: Int { (samples + executor.batch - 1) / executor.batch }

    private func range(_ part: Int) -> Range<Int> { (part * executor.batch)..<min(samples, (part + 1) * executor.batch) }

    /// Runs forward on noised pictures and returns the mean squared error over the whole batch.
    public func loss(_ batch: Batch) -> Double {
        var total = 0.0
        for part in 0..<parts { total += forward(batch, range(part)) }
        return total / Double(samples * prediction.shape.count)
    }

    /// Adds the gradient of the last ``loss(_:)`` to the executor's gradients; `batch` must be the same.
    public func backward(_ batch: Batch) {
        // The last part is what the executor still holds.
        for part in (0..<parts).reversed() {
            if part < parts - 1 { _ = forward(batch, range(part)) }
            backward(range(part))
        }
    }

    /// ``loss(_:)`` and ``backward(_:)`` in one walk over the parts.
    public func lossAndBackward(_ batch: Batch) -> Double {
        var total = 0.0
        for part in 0..<parts {
            total += forward(batch, range(part))
            backward(range(part))
        }
        return total / Double(samples * prediction.shape.count)
    }

    /// Runs forward on some of the pictures and returns the sum of their squared errors. Places beyond them are empty.
    private func forward(_ batch: Batch, _ range: Range<Int>) -> Double {
        let shape = sample.shape
        let first = range.lowerBound * shape.count
        PixelOrder.channelsLast(batch.pictures + first, to: sample.values, batch: range.count, shape: shape)
        PixelOrder.channelsLast(batch.noise + first, to: target.pointer, batch: range.count, shape: shape)
        for (image, t) in batch.timesteps[range].enumerated() {
            let (a, b) = (signal[t], noise[t])
            let x = sample.values + image * shape.count
            Elementwise.map(shape.count, x, target.pointer + image * shape.count, into: x) { $0 * a + $1 * b }
            timestep.values[image] = Float(t)
        }
        for image in range.count..<executor.batch {
            (sample.values + image * shape.count).update(repeating: 0, count: shape.count)
            timestep.values[image] = 0
        }
        executor.forward()
        var total = 0.0
        for image in 0..<range.count {
            var sum: Float = 0
            for i in (image * shape.count)..<((image + 1) * shape.count) {
                let difference = prediction.values[i] - target.pointer[i]
                sum += difference * difference
                // Summed in short runs so that rounding stays far below float32's.
                if i % 256 == 255 {
                    total += Double(sum)
                    sum = 0
                }
            }
            total += Double(sum)
        }
        return total
    }

    /// Adds the gradient of those pictures that went forward last.
    private func backward(_ range: Range<Int>) {
        let count = range.count * prediction.shape.count
        let scale = 2 / Float(samples * prediction.shape.count)
        guard let gradient = prediction.gradient else { return }
        Elementwise.map(count, prediction.values, target.pointer, into: gradient) { ($0 - $1) * scale }
        let empty = executor.batch * prediction.shape.count - count
        (gradient + count).update(repeating: 0, count: empty)
        executor.backward()
    }
}
