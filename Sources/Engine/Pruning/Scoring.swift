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
        /// Whether its gradient was added: false for the one at which the walk stopped.
        public let isKept: Bool
    }

    /// What a walk leaves.
    public struct Outcome: Sendable {
        /// Of every channel of every group, not normalised.
        public let importance: [[Double]]
        /// The threshold, where it was to be chosen.
        public let choice: ThresholdChoice?
        /// The points that do not count by that choice.
        public let rejected: [PointLoss]
    }

    /// How channels will be ranked.
    public let method: PruningMethod
    /// T: stop before the first t with L_t < T · L_max, where the method heeds it. nil goes over all points, and chooses it then.
    public let threshold: Double?
    /// Where the loss is asked for, in this order.
    public let points: [Int]
    /// Of what is drawn once for all points, and of the signs that some methods draw after it.
    public let seed: Int

    /// A walk over the given points.
    public init(method: PruningMethod, threshold: Double?, points: [Int], seed: Int) {
        self.method = method
        self.threshold = threshold
        self.points = points
        self.seed = seed
    }

    var accumulation: GradientAccumulation { method.accumulation ?? .sums }

    /// Below what share of the largest loss a point ends the walk; nil where none does.
    package var limit: Double? { method.heedsThreshold ? threshold.flatMap { $0 > 0 ? $0 : nil } : nil }

    /// Whether a point's gradients are to be added.
    static func counts(_ loss: Double, largest: Double, threshold: Double) -> Bool { loss >= threshold * largest }

    // MARK: At work

    /// Draws what a walk draws, for whoever gives the samples to learn which they are.
    ///
    /// - Throws: what drawing samples throws.
    package func rehearse(on objective: some Objective, samples: Int) throws {
        var generator = TorchGenerator(seed: seed)
        _ = try objective.scoring(samples, from: &generator)
    }

    /// Ranks the channels of all groups.
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
    ) throws -> Outcome {
        let graph = objective.graph(of: trained.model)
        let plan = plan(graph, samples: samples, memory: memory, parallel: parallel)
        var state = state ?? State(self, of: trained)
        let executor = Executor(
            graph: graph, weights: trained.weights, gradients: state.accumulated.gradients, batch: plan.batch,
            preparedLimit: plan.preparedLimit, segments: plan.segments, parallel: parallel)
        var generator = TorchGenerator(seed: seed)
        let drawn = try objective.scoring(samples, from: &generator)
        var signs = method.drawsSigns ? RandomSigns(generator, after: state.completed * samples, of: executor.outputs) : nil
        try walk(
            objective, ObjectiveExecutor(objective, in: executor, samples: samples), drawn, &signs, samples: samples, parallel, &state, step
        )
        return outcome(state, samples: samples, parallel)
    }

    /// Evaluates point after point and takes in the gradients of those that count.
    private func walk<Served: Objective>(
        _ objective: Served, _ executor: ObjectiveExecutor<Served>, _ drawn: Served.Examples, _ signs: inout RandomSigns?, samples: Int,
        _ parallel: Parallel, _ state: inout State, _ step: (PointLoss, State) throws -> Void
    ) throws {
        let accumulated = state.accumulated
        // Where nothing ends the walk, a sample's loss and its gradients come of one way through the network.
        let isOneGo = method.goesSampleBySample && limit == nil
        for point in points.dropFirst(state.completed) where !state.hasStopped {
            let examples = try objective.scoring(drawn, at: point)
            func eachSample() -> Double { executor.lossAndBackwardOfEach(examples, signs: &signs) { accumulated.take(parallel) } }
            let loss = isOneGo ? eachSample() : executor.loss(examples)
            guard loss.isFinite else { throw PruningError.lossNotFinite(at: objective.described(point: point)) }
            let largest = max(state.largest, loss)
            let isKept = limit.map { Self.counts(loss, largest: largest, threshold: $0) } ?? true
            if isKept, !isOneGo {
                if method.goesSampleBySample { _ = eachSample() } else { executor.backward(examples) }
            }
            state.largest = largest
            state.completed += 1
            state.hasStopped = !isKept
            state.history?.add(loss, importance(state, samples: samples, parallel))
            try step(PointLoss(point: point, loss: loss, relative: largest > 0 ? loss / largest : 0, isKept: isKept), state)
        }
    }

    private func importance(_ state: State, samples: Int, _ parallel: Parallel) -> [[Double]] {
        state.accumulated.importance(method, count: state.kept * samples, parallel)
    }

    private func outcome(_ state: State, samples: Int, _ parallel: Parallel) -> Outcome {
        guard let history = state.history, !history.losses.isEmpty else {
            return Outcome(importance: importance(state, samples: samples, parallel), choice: nil, rejected: [])
        }
        let choice = ThresholdChoice(losses: history.losses, moved: history.moved)
        var largest = 0.0
        let losses = zip(points, history.losses).enumerated().map { index, evaluated in
            largest = max(largest, evaluated.1)
            return PointLoss(
                point: evaluated.0, loss: evaluated.1, relative: largest > 0 ? evaluated.1 / largest : 0, isKept: index < choice.kept)
        }
        return Outcome(importance: history.importance(after: choice.kept), choice: choice, rejected: losses.filter { !$0.isKept })
    }
}
