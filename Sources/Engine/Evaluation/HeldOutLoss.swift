/// The loss of an objective on samples that are held out for it, the same for every network that it is asked of.
public struct HeldOutLoss: Sendable {
    private let samples: Int
    private let graph: @Sendable (any Architecture) -> Graph
    private let loss: @Sendable (Executor) -> Double

    /// At most this many samples are looked at.
    public static let largestCount = 64

    /// Draws min(64, N) samples of the N that there are from a generator of the given seed.
    ///
    /// - Throws: what drawing them throws.
    package init(_ objective: some Objective, seed: Int) throws {
        let count = Self.held(of: objective.available).count
        var generator = TorchGenerator(seed: seed)
        let examples = try objective.heldOut(count, from: &generator)
        samples = count
        graph = { objective.graph(of: $0) }
        loss = { ObjectiveExecutor(objective, in: $0, samples: count).loss(examples) }
    }

    /// Which of so many samples are held out: the last.
    public static func held(of available: Int) -> Range<Int> { (available - min(largestCount, available))..<available }

    /// The mean over all samples.
    ///
    /// - Parameter memory: bytes for activations.
    public func evaluate(_ trained: TrainedModel, memory: Int = .max, parallel: Parallel) -> Double {
        loss(
            BatchedExecutor(graph(trained.model), trained.weights, samples: samples, memory: memory, parallel: parallel).executor)
    }
}
