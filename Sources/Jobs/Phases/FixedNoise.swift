import Engine

/// The noise of which every network of a job makes pictures in one go; drawn as samplers draw theirs.
struct FixedNoise {
    /// Numbers of one picture's.
    private let count: Int

    /// Nil where a sampler draws pictures, or they are made of others.
    init?(_ objective: JobObjective) {
        guard case .generation(let noise, _) = objective else { return nil }
        count = noise.count
    }

    /// What a network makes of it, (samples, channels, height, width).
    ///
    /// - Parameters:
    ///   - sampling: how many, and the seed.
    ///   - progress: called now and then; what it throws ends the run.
    func pictures(
        _ sampling: Sampling, by trained: TrainedModel, memory: Int, parallel: Parallel, progress: () throws -> Void
    ) throws -> [Float] {
        var generator = TorchGenerator(seed: sampling.seed)
        let noise = generator.randn(sampling.samples * count)
        return try Reconstructor(trained, samples: sampling.samples, memory: memory, parallel: parallel).run(noise, progress: progress)
    }
}
