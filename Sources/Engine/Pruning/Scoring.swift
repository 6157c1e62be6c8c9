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

    /// Σ_t dL_t/dθ.
    ///
    /// - Parameters:
    ///   - trained: the model.
    ///   - pictures: x₀, (batch, channels, height, width).
    ///   - memory: bytes for activations; the batch goes through in parts where it needs more.
    ///   - step: called after each timestep; what it throws ends the walk.
    /// - Throws: ``PruningError/lossNotFinite(timestep:)``, or what `step` throws.
    public func run(
        _ trained: TrainedModel, pictures: [Float], alphasCumprod: [Float], memory: Int = .max, parallel: Parallel,
        step: (TimestepLoss) throws -> Void
    ) throws -> Weights {
        let graph = trained.model.graph
        let samples = pictures.count / graph.nodes[0].shape.count
        let plan = Self.plan(graph, batch: samples, memory: memory, parallel: parallel)
        let gradients = Weights(trained.weights.parameters)
        let executor = Executor(
            graph: graph, weights: trained.weights, gradients: gradients, batch: plan.batch, preparedLimit: plan.preparedLimit,
            segments: plan.segments, parallel: parallel)
        let prediction = NoisePrediction(executor, samples: samples, alphasCumprod: alphasCumprod)
        var generator = TorchGenerator(seed: seed)
        let noise = generator.randn(pictures.count)
        try pictures.withUnsafeBufferPointer { pictures in
            try noise.withUnsafeBufferPointer { noise in
                guard let pictures = pictures.baseAddress, let noise = noise.baseAddress else { return }
                try walk(samples, step) { timesteps in
                    let batch = NoisePrediction.Batch(pictures: pictures, noise: noise, timesteps: timesteps)
                    return (prediction.loss(batch), { prediction.backward(batch) })
                }
            }
        }
        return gradients
    }

    /// Evaluates timestep after timestep and keeps the gradients of those that count.
    private func walk(
        _ samples: Int, _ step: (TimestepLoss) throws -> Void, _ evaluate: ([Int]) -> (loss: Double, backward: () -> Void)
    ) throws {
        var largest = 0.0
        for timestep in timesteps {
            let (loss, backward) = evaluate([Int](repeating: timestep, count: samples))
            guard loss.isFinite else { throw PruningError.lossNotFinite(timestep: timestep) }
            largest = max(largest, loss)
            let isKept = method == .taylor || loss >= threshold * largest
            if isKept { backward() }
            try step(TimestepLoss(timestep: timestep, loss: loss, relative: largest > 0 ? loss / largest : 0, isKept: isKept))
            if !isKept { return }
        }
    }

    /// How the batch goes through the model.
    public static func plan(_ graph: Graph, batch: Int, memory: Int, parallel: Parallel) -> BatchPlan {
        BatchPlan(graph, samples: batch, isTraining: true, limit: memory, parallel: parallel)
    }
}
