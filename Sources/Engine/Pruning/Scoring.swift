/// The walk over an objective's points, for diffusion models timesteps, that collects the gradients channels are ranked by
/// (arXiv 2305.10924, algorithm 1).
public struct Scoring: Sendable {
    /// One evaluated point.
    public struct PointLoss: Sendable, Equatable {
        /// Such as a timestep t.
        public let point: Int
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
    /// Where the loss is asked for, in this order.
    public let points: [Int]
    /// Of what is drawn once for all points.
    public let seed: Int

    /// A walk over the given points.
    public init(method: PruningMethod, threshold: Double, points: [Int], seed: Int) {
        self.method = method
        self.threshold = threshold
        self.points = points
        self.seed = seed
    }

    /// Σ_t dL_t/dθ.
    ///
    /// - Parameters:
    ///   - trained: the model.
    ///   - objective: whose loss is meant.
    ///   - samples: of the batch.
    ///   - memory: bytes for activations; the batch goes through in parts where it needs more.
    ///   - state: where an earlier walk of the same settings stood, whose memory this one takes over; nil begins.
    ///   - step: called after each point with where the walk stands, valid for that call; what it throws ends the walk.
    /// - Throws: ``PruningError/lossNotFinite(at:)``, what the objective throws, or what `step` throws.
    package func run(
        _ trained: TrainedModel, on objective: some Objective, samples: Int, memory: Int = .max, parallel: Parallel,
        from state: State? = nil, step: (PointLoss, State) throws -> Void
    ) throws -> Weights {
        let graph = trained.model.graph
        let plan = Self.plan(graph, batch: samples, memory: memory, parallel: parallel)
        let state = state ?? State(gradients: Weights(trained.weights.parameters))
        let gradients = state.gradients
        let executor = Executor(
            graph: graph, weights: trained.weights, gradients: gradients, batch: plan.batch, preparedLimit: plan.preparedLimit,
            segments: plan.segments, parallel: parallel)
        var generator = TorchGenerator(seed: seed)
        let drawn = try objective.scoring(samples, from: &generator)
        try walk(objective, ObjectiveExecutor(objective, in: executor, samples: samples), drawn, from: state, step)
        return gradients
    }

    /// Evaluates point after point and keeps the gradients of those that count.
    private func walk<Served: Objective>(
        _ objective: Served, _ executor: ObjectiveExecutor<Served>, _ drawn: Served.Examples, from start: State,
        _ step: (PointLoss, State) throws -> Void
    ) throws {
        var state = start
        for point in points.dropFirst(start.completed) where !state.hasStopped {
            let examples = try objective.scoring(drawn, at: point)
            let loss = executor.loss(examples)
            guard loss.isFinite else { throw PruningError.lossNotFinite(at: objective.described(point: point)) }
            let largest = max(state.largest, loss)
            let isKept = method == .taylor || loss >= threshold * largest
            if isKept { executor.backward(examples) }
            state.largest = largest
            state.completed += 1
            state.hasStopped = !isKept
            try step(PointLoss(point: point, loss: loss, relative: largest > 0 ? loss / largest : 0, isKept: isKept), state)
        }
    }

    /// How the batch goes through the model.
    public static func plan(_ graph: Graph, batch: Int, memory: Int, parallel: Parallel) -> BatchPlan {
        BatchPlan(graph, samples: batch, isTraining: true, limit: memory, parallel: parallel)
    }
}
