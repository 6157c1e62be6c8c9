/// The loss of an objective on samples that are held out for it, the same for every network that it is asked of.
public struct HeldOutLoss: Sendable {
    private let samples: Int
    private let loss: @Sendable (Executor) -> Double

    /// At most this many samples are looked at.
    public static let largestCount = 64

    /// Draws min(64, N) samples of the N that there are from a generator of the given seed.
    ///
    /// - Throws: what drawing them throws.
    package init(_ objective: some Objective, seed: Int) throws {
        let count = min(Self.largestCount, objective.available)
        var generator = TorchGenerator(seed: seed)
        let examples = try objective.heldOut(count, from: &generator)
        samples = count
        loss = { ObjectiveExecutor(objective, in: $0, samples: count).loss(examples) }
    }

    /// The mean over all samples.
    ///
    /// - Parameter memory: bytes for activations.
    public func evaluate(_ trained: TrainedModel, memory: Int = .max, parallel: Parallel) -> Double {
        loss(BatchedExecutor(trained, samples: samples, memory: memory, parallel: parallel).executor)
    }
}
