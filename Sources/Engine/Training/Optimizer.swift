/// What changes a model's weights by their gradients, a step at a time.
protocol Optimizer {
    /// What it remembers from step to step, as it is before the first: saved, and given to ``init(_:weights:gradients:average:memory:parallel:)``,
    /// it goes on as if it had never stopped.
    static func memory(_ graph: Graph) -> [OptimizerMemory]

    /// How many numbers it holds: ``memory(_:)``, and what it works with beside.
    static func floats(_ graph: Graph, threads: Int) -> Int

    /// Multiply-accumulates of a step, beyond a walk over the weights.
    static func multiplyAccumulates(_ graph: Graph) -> Double

    /// - Parameters:
    ///   - graph: whose weights they are.
    ///   - average: the averaged weights, where there is an average.
    ///   - memory: taken over as it is.
    init(_ graph: Graph, weights: Weights, gradients: Weights, average: Weights?, memory: [OptimizerMemory], parallel: Parallel)

    /// One step; leaves the gradients zero.
    func update(_ step: OptimizerStep)
}

/// A run of numbers that an optimiser remembers.
struct OptimizerMemory {
    /// As it is called in a saved state.
    let name: String
    let buffer: Buffer
}

/// How one step goes.
struct OptimizerStep {
    /// From 1.
    let number: Int
    /// After warm-up and schedule.
    let learningRate: Double
    let weightDecay: Double
    /// What every gradient is multiplied by first (clipping).
    let gradientScale: Float
    /// The weight of the old average in the new one.
    let averageDecay: Double
}
