/// The walk over timesteps that collects the gradients channels are ranked by (arXiv 2305.10924, algorithm 1).
public struct Scoring: Sendable {
    /// One evaluated timestep.
    public struct TimestepLoss: Sendable, Equatable {
        /// t.
        public let timestep: Int
        /// L_t.
        public let loss: Double
        /// L_t over the running maximum.
        public let relative: Double
        /// Whether its gradient was added: false for the one at which diff-pruning stopped.
        public let isKept: Bool
    }

    /// How channels will be ranked: diff-pruning (and scratch) stop at the threshold, taylor does not.
    public let method: PruningMethod
    /// T: stop before the first t with L_t < T · L_max.
    public let threshold: Double
    /// first, first + stride, … up to last.
    public let timesteps: [Int]
    /// Of the noise, drawn once.
    public let seed: Int

    /// A walk over the given timesteps.
    public init(method: PruningMethod, threshold: Double, timesteps: [Int], seed: Int) {
        self.method = method
        self.threshold = threshold
        self.timesteps = timesteps
        self.seed = seed
    }

    /// Adds Σ_t dL_t/dθ to the executor's gradients.
    ///
    /// - Parameters:
    ///   - prediction: on an executor planned with gradients for the pictures' batch.
    ///   - pictures: x₀, (batch, channels, height, width).
    ///   - step: called after each timestep; what it throws ends the walk.
    /// - Throws: ``PruningError/lossNotFinite(timestep:)``, or what `step` throws.
    public func run(_ prediction: NoisePrediction, pictures: [Float], step: (TimestepLoss) throws -> Void) throws {
        var generator = TorchGenerator(seed: seed)
        let noise = generator.randn(pictures.count)
        var largest = 0.0
        for timestep in timesteps {
            let loss = prediction.loss(
                pictures: pictures, noise: noise, timesteps: [Int](repeating: timestep, count: prediction.executor.batch))
            guard loss.isFinite else { throw PruningError.lossNotFinite(timestep: timestep) }
            largest = max(largest, loss)
            let isKept = method == .taylor || loss >= threshold * largest
            if isKept { prediction.backward() }
            try step(TimestepLoss(timestep: timestep, loss: loss, relative: largest > 0 ? loss / largest : 0, isKept: isKept))
            if !isKept { return }
        }
    }
}
