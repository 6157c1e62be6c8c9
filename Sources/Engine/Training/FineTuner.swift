/// Trains a model on an objective, with an average of the weights; on noise prediction that is the DDPM paper's algorithm 1
/// (arXiv 2006.11239).
public struct FineTuner: Sendable {
    /// How to train.
    public struct Settings: Sendable, Equatable {
        /// Optimiser steps.
        public var steps = 1000
        /// Samples per step.
        public var batchSize = 16
        /// What makes a step of a gradient.
        public var optimizer = OptimizerName.adamw
        /// The learning rate after warm-up.
        public var learningRate = 2e-4
        /// Steps over which the learning rate rises linearly.
        public var warmupSteps = 0
        /// What the learning rate does after that.
        public var schedule = LearningRateSchedule.constant
        /// Decoupled weight decay.
        public var weightDecay = 0.0
        /// The average's decay once it has settled; 0 keeps no average.
        public var emaDecay = 0.9999
        /// The largest gradient norm; nil does not clip.
        public var gradientClip: Double? = 1.0
        /// Whether half of the pictures are mirrored.
        public var flip = true
        /// Of the one generator that everything random is drawn from.
        public var seed = 0

        /// The defaults.
        public init() {}
    }

    /// One step's figures.
    public struct Step: Sendable, Equatable {
        /// From 1.
        public let step: Int
        /// Before the step.
        public let loss: Double
        /// What it is made of, where it is made of several terms.
        public let terms: [LossTerm]
        /// Before clipping.
        public let gradientNorm: Double
        /// What the step used.
        public let learningRate: Double
    }

    /// How to train.
    public let settings: Settings

    /// A run with the given settings.
    public init(_ settings: Settings) {
        self.settings = settings
    }

    /// Trains a model in its own memory.
    ///
    /// - Parameters:
    ///   - trained: where to begin; its weights become the run's, or are left as they are where it goes on from a state.
    ///   - objective: whose loss is to become smaller, and where the samples come from.
    ///   - memory: bytes for activations; the batch goes through in parts where it needs more.
    ///   - state: where an earlier run of the same settings stood, whose memory this one takes over; nil begins.
    ///   - report: called after each step with where the run stands, valid for that call; what it throws ends the run.
    /// - Returns: the averaged weights (the last ones when `emaDecay` is 0), and the last ones.
    /// - Throws: ``TrainingError``, what drawing samples throws, or what `report` throws.
    package func run(
        training trained: TrainedModel, on objective: some Objective, memory: Int = .max, parallel: Parallel,
        from state: State? = nil, report: (Step, State) throws -> Void
    ) throws -> (averaged: Weights, last: Weights) {
        let weights = state?.weights ?? trained.weights
        let average = state == nil && settings.emaDecay > 0 ? trained.weights.copy() : state?.average
        let gradients = Weights(weights.parameters)
        let batch = settings.batchSize
        let graph = objective.graph(of: trained.model)
        let plan = Self.plan(graph, batch: batch, memory: memory, parallel: parallel) { objective.bytes(batch: $0) }
        let executor = Executor(
            graph: graph, weights: weights, gradients: gradients, batch: plan.batch, preparedLimit: plan.preparedLimit,
            segments: plan.segments, parallel: parallel)
        let running = ObjectiveExecutor(objective, in: executor, samples: batch)
        let done = state?.step ?? 0
        let remembered = state?.memory ?? settings.optimizer.kind.memory(trained.model.graph)
        let optimizer = settings.optimizer.kind.init(
            trained.model.graph, weights: weights, gradients: gradients, average: average, memory: remembered, parallel: parallel)
        let frozen = FrozenWeights(weights, of: graph, areDecayed: settings.weightDecay > 0)
        var generator = state?.generator ?? TorchGenerator(seed: settings.seed)

        for step in stride(from: done + 1, through: settings.steps, by: 1) {
            let loss = running.lossAndBackward(try objective.draw(batch, mirroring: settings.flip, from: &generator))
            guard loss.isFinite else { throw TrainingError.lossNotFinite(step: step) }
            let norm = gradients.norm(parallel)
            let rate = settings.learningRate * settings.schedule.factor(step: step, of: settings.steps, warmup: settings.warmupSteps)
            optimizer.update(
                OptimizerStep(
                    number: step, learningRate: rate, weightDecay: settings.weightDecay,
                    gradientScale: settings.gradientClip.map { Float(min(1, $0 / (norm + 1e-6))) } ?? 1,
                    averageDecay: Self.averageDecay(settings.emaDecay, step: step)))
            frozen.restore(in: weights, average)
            let reached = State(step: step, generator: generator, weights: weights, average: average, memory: remembered)
            try report(Step(step: step, loss: loss, terms: running.lossTerms, gradientNorm: norm, learningRate: rate), reached)
        }
        return (average ?? weights, weights)
    }

    /// Draws all that a run draws, for whoever gives the samples to learn which they are.
    ///
    /// - Throws: what drawing samples throws.
    package func rehearse(on objective: some Objective) throws {
        var generator = TorchGenerator(seed: settings.seed)
        for _ in 0..<settings.steps { _ = try objective.draw(settings.batchSize, mirroring: settings.flip, from: &generator) }
    }

    /// How a step's batch goes through the model. Weights change at every step, so nothing prepared of them is kept.
    ///
    /// - Parameter beside: bytes that an objective takes for as many samples at once.
    public static func plan(
        _ graph: Graph, batch: Int, memory: Int, parallel: Parallel, beside: @escaping (Int) -> Int = { _ in 0 }
    ) -> BatchPlan {
        BatchPlan(graph, samples: batch, isTraining: true, limit: memory, preparedLimit: 0, parallel: parallel, beside: beside)
    }

    /// diffusers' `EMAModel`: min(decay, s / (s + 9)), and 0 at the first step.
    static func averageDecay(_ decay: Double, step: Int) -> Double {
        step <= 1 ? 0 : min(decay, Double(step) / Double(step + 9))
    }
}
