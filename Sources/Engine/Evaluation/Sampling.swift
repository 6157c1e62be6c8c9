/// Draws samples from a model: x_T is noise, a sampler walks it back to pictures.
public struct Sampling: Sendable {
    /// Which of diffusers' schedulers steps back.
    public enum Method: String, Sendable, CaseIterable {
        /// `DDIMScheduler`.
        case ddim
        /// `DDPMScheduler`.
        case ddpm
    }

    /// How many samples.
    public let samples: Int
    /// What steps back.
    public let method: Method
    /// How many steps.
    public let steps: Int
    /// DDIM's randomness, 0…1; DDPM does not read it.
    public let eta: Double
    /// Of the one generator for x_T and the sampler's noise.
    public let seed: Int
    /// How far a conditional network's prediction is moved away from that for the empty condition: 1 is not at all (arXiv 2207.12598,
    /// equation 6, where it is 1 + w).
    public let guidanceScale: Double

    /// A way of sampling.
    public init(samples: Int, method: Method, steps: Int, eta: Double, seed: Int, guidanceScale: Double = 1) {
        self.samples = samples
        self.method = method
        self.steps = steps
        self.eta = eta
        self.seed = seed
        self.guidanceScale = guidanceScale
    }

    /// Whether every step asks the network twice.
    public var isGuided: Bool { guidanceScale != 1 }

    /// The sampler for a noise schedule.
    ///
    /// - Throws: ``ConfigurationError`` when the schedule has fewer timesteps than steps, or `eta` is out of range.
    public func sampler(_ schedule: NoiseSchedule) throws(ConfigurationError) -> any Sampler {
        switch method {
        case .ddim: try DDIMSampler(schedule: schedule, steps: steps, eta: eta)
        case .ddpm: try DDPMSampler(schedule: schedule, steps: steps)
        }
    }

    /// Samples that go through the model at once at most.
    public static let largestBatch = BatchedExecutor.largest

    /// How samples go through the model.
    public static func plan(_ graph: Graph, samples: Int, memory: Int, parallel: Parallel) -> BatchPlan {
        BatchedExecutor.plan(graph, samples: samples, memory: memory, parallel: parallel)
    }

    // MARK: In parts

    /// Samples that one generator draws at most.
    public static let largestPart = 1024

    /// The first of its samples, counted over all parts.
    public private(set) var first = 0

    /// In how many parts samples are drawn.
    public var parts: Int { (samples + Self.largestPart - 1) / Self.largestPart }

    /// A part of many samples: drawn as ``largestPart`` samples by themselves are, of the seed that is as much higher as there are parts before.
    public func part(_ index: Int) -> Sampling {
        let start = index * Self.largestPart
        var part = Sampling(
            samples: min(Self.largestPart, samples - start), method: method, steps: steps, eta: eta, seed: seed &+ index,
            guidanceScale: guidanceScale)
        part.first = start
        return part
    }

    /// Where drawing stands after a step: all it needs to go on as if it had never stopped.
    public struct State: Sendable {
        /// Steps done.
        public let step: Int
        /// The samples so far, (samples, channels, height, width).
        package let sample: [Float]
        package let generator: TorchGenerator

        /// A state that was kept.
        package init(step: Int, sample: [Float], generator: TorchGenerator) {
            (self.step, self.sample, self.generator) = (step, sample, generator)
        }
    }

    /// The samples, (samples, channels, height, width), drawn in one part.
    ///
    /// - Parameters:
    ///   - conditions: what the network is told: sample i what stands at i, from the beginning again where there are fewer. Nil where it is
    ///     told nothing.
    ///   - memory: bytes for activations.
    ///   - state: where an earlier run of the same network and settings stood; nil begins.
    ///   - progress: called after each step; what it throws ends the run.
    public func run(
        _ trained: TrainedModel, schedule: NoiseSchedule, conditions: Conditions? = nil, memory: Int = .max, parallel: Parallel,
        from state: State? = nil, progress: (State) throws -> Void = { _ in }
    ) throws -> [Float] {
        let sampler = try sampler(schedule)
        let shape = trained.model.sampleShape
        var generator = state?.generator ?? TorchGenerator(seed: seed)
        var sample = state?.sample ?? generator.randn(samples * shape.count)
        let begun = state?.step ?? 0
        guard begun < sampler.timesteps.count else { return sample }
        var prediction = [Float](repeating: 0, count: sample.count)
        let predictor = NoisePredictor(trained, samples: samples, conditions: conditions, memory: memory, parallel: parallel)
        let told = try conditions.map { conditions in try conditions.of((0..<samples).map { (first + $0) % conditions.pictures }) } ?? []
        var unguided = isGuided ? prediction : []
        var variance = schedule.predictsVariance ? prediction : []
        var nothing: [Float] = []
        let empty = (0..<samples).flatMap { _ in conditions?.empty ?? [] }
        for (index, timestep) in sampler.timesteps.enumerated().dropFirst(begun) {
            predictor.predict(sample, timestep: timestep, conditions: told, into: &prediction, variance: &variance)
            if isGuided, conditions?.empty != nil {
                predictor.predict(sample, timestep: timestep, conditions: empty, into: &unguided, variance: &nothing)
                let scale = Float(guidanceScale)
                for place in prediction.indices { prediction[place] = unguided[place] + scale * (prediction[place] - unguided[place]) }
            }
            sample.withUnsafeMutableBufferPointer { sample in
                prediction.withUnsafeBufferPointer { prediction in
                    variance.withUnsafeBufferPointer { variance in
                        sampler.step(
                            sample, prediction: prediction, variance: variance.isEmpty ? nil : variance, at: index, generator: &generator)
                    }
                }
            }
            try progress(State(step: index + 1, sample: sample, generator: generator))
        }
        return sample
    }
}
