import Engine

/// What a job's network is scored, trained and judged by, whatever pictures it will be shown.
package enum JobObjective: Sendable {
    /// The noise that a schedule mixes in.
    case noisePrediction(NoiseSchedule)
    /// Pictures from themselves.
    case reconstruction(ReconstructionLoss)
    /// Pictures of noise, as the original makes them; and of how much noise the network is scored.
    case generation(Shape, scored: Int)

    /// - Parameter schedule: the network's; nil where it has none.
    init(_ model: any Architecture, _ schedule: NoiseSchedule?, _ request: JobRequest) {
        if let schedule {
            self = .noisePrediction(schedule)
        } else if model.objectives.contains(Generation.name), let noise = model.graph.input(DCGANGenerator.noise) {
            self = .generation(noise, scored: request.pruning?.samples ?? 0)
        } else {
            self = .reconstruction(request.objective ?? ReconstructionLoss())
        }
    }

    /// Whether it makes up what it shows a network, and needs no pictures.
    var needsNoPictures: Bool { if case .generation = self { true } else { false } }

    /// The noise schedule; nil where there is none.
    var schedule: NoiseSchedule? { if case .noisePrediction(let schedule) = self { schedule } else { nil } }

    /// How many timesteps the network is told; nil where it is told noise levels, or nothing.
    var timesteps: Int? { schedule?.timesteps }

    /// What an architecture must be able to serve.
    var name: ObjectiveName {
        switch self {
        case .noisePrediction: NoisePrediction.name
        case .reconstruction: Reconstruction.name
        case .generation: Generation.name
        }
    }

    /// The objective on pictures; nil where it needs some and there are none.
    ///
    /// - Parameter unconditionalProbability: the share of pictures that training shows with the empty condition, where there is one.
    func on(_ pictures: PictureSet?, unconditionalProbability: Double = 0) -> (any Objective)? {
        switch self {
        case .noisePrediction(let schedule):
            pictures.map { NoisePrediction($0, schedule, unconditionalProbability: unconditionalProbability) }
        case .reconstruction(let loss): pictures.map { Reconstruction($0, loss) }
        case .generation(let noise, let scored): Generation(noise, scored: scored)
        }
    }

    /// The points that scoring visits: timesteps, or batches of pictures.
    func points(_ settings: JobRequest.Pruning) -> [Int] {
        switch self {
        case .noisePrediction(let schedule):
            let last = min(settings.last ?? schedule.count - 1, schedule.count - 1)
            return Array(stride(from: settings.first, through: last, by: settings.stride))
        case .reconstruction, .generation: return Array(0..<max(1, (settings.samples ?? 0) / settings.batchSize))
        }
    }

    /// What a point of scoring is called in metrics.
    var point: String { if case .noisePrediction = self { "timestep" } else { "batch" } }

    /// A sample's ways through the network, as the evaluation has it.
    func passes(_ evaluation: JobRequest.Evaluation) -> Int {
        guard let schedule else { return 1 }
        return min(evaluation.steps, schedule.count) * (evaluation.sampling.isGuided ? 2 : 1)
    }
}
