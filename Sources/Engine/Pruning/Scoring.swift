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
    ///   - state: where an earlier walk of the same settings stood, whose memory this one takes over; nil begins.
    ///   - step: called after each timestep with where the walk stands, valid for that call; what it throws ends the walk.
    /// - Throws: ``PruningError/lossNotFinite(timestep:)``, or what `step` throws.
    public func run(
        _ trained: TrainedModel, pictures: [Float], alphasCumprod: [Float], memory: Int = .max, parallel: Parallel,
        from state: State? = nil, step: (TimestepLoss, State) throws -> Void
    ) throws -> Weights {
        let graph = trained.model.graph
        let samples = pictures.count / trained.model.sampleShape.count
        let plan = Self.plan(graph, batch: samples, memory: memory, parallel: parallel)
        let state = state ?? State(gradients: Weights(trained.weights.parameters))
        let gradients = state.gradients
        let executor = Executor(
            graph: graph, weights: trained.weights, gradients: gradients, batch: plan.batch, preparedLimit: plan.preparedLimit,
            segments: plan.segments, parallel: parallel)
        let prediction = NoisePrediction(executor, samples: samples, alphasCumprod: alphasCumprod)
        var generator = TorchGenerator(seed: seed)
        let noise = generator.randn(pictures.count)
        try pictures.withUnsafeBufferPointer { pictures in
            try noise.withUnsafeBufferPointer { noise in
                guard let pictures = pictures.baseAddress, let noise = noise.baseAddress else { return }
                try walk(samples, from: state, step) { timesteps in
                    let batch = NoisePrediction.Batch(pictures: pictures, noise: noise, timesteps: timesteps)
                    return (prediction.loss(batch), { prediction.backward(batch) })
                }
            }
        }
        return gradients
    }

    /// Evaluates timestep after timestep and keeps the gradients of those that count.
    private func walk(
        _ samples: Int, from start: State, _ step: (TimestepLoss, State) throws -> Void,
        _ evaluate: ([Int]) -> (loss: Double, backward: () -> Void)
    ) throws {
        var state = start
        for timestep in timesteps.dropFirst(start.completed) where !state.hasStopped {
            let (loss, backward) = evaluate([Int](repeating: timestep, count: samples))
            guard loss.isFinite else { throw PruningError.lossNotFinite(timestep: timestep) }
            let largest = max(state.largest, loss)
            let isKept = method == .taylor || loss >= threshold * largest
            if isKept { backward() }
            state.largest = largest
            state.completed += 1
            state.hasStopped = !isKept
            try step(TimestepLoss(timestep: timestep, loss: loss, relative: largest > 0 ? loss / largest : 0, isKept: isKept), state)
        }
    }

    /// How the batch goes through the model.
    public static func plan(_ graph: Graph, batch: Int, memory: Int, parallel: Parallel) -> BatchPlan {
        BatchPlan(graph, samples: batch, isTraining: true, limit: memory, parallel: parallel)
    }
}
