import Engine

/// What a job's network is scored, trained and judged by, whatever pictures it will be shown.
package enum JobObjective: Sendable {
    /// The noise that a schedule mixes in.
    case noisePrediction(NoiseSchedule)
    /// Pictures from themselves.
    case reconstruction(ReconstructionLoss)

    /// - Parameter schedule: the network's; nil where it has none.
    init(_ schedule: NoiseSchedule?, _ request: JobRequest) {
        self = schedule.map(JobObjective.noisePrediction) ?? .reconstruction(request.objective ?? ReconstructionLoss())
    }

    /// The noise schedule; nil where there is none.
    var schedule: NoiseSchedule? { if case .noisePrediction(let schedule) = self { schedule } else { nil } }

    /// How many timesteps the network is told; nil where it is told noise levels, or nothing.
    var timesteps: Int? { schedule?.timesteps }

    /// What an architecture must be able to serve.
    var name: ObjectiveName { if case .noisePrediction = self { NoisePrediction.name } else { Reconstruction.name } }

    /// The objective on pictures.
    ///
    /// - Parameter unconditionalProbability: the share of pictures that training shows with the empty condition, where there is one.
    func on(_ pictures: PictureSet, unconditionalProbability: Double = 0) -> any Objective {
        switch self {
        case .noisePrediction(let schedule):
            NoisePrediction(pictures, schedule, unconditionalProbability: unconditionalProbability)
        case .reconstruction(let loss): Reconstruction(pictures, loss)
        }
    }

    /// The points that scoring visits: timesteps, or batches of pictures.
    func points(_ settings: JobRequest.Pruning) -> [Int] {
        switch self {
        case .noisePrediction(let schedule):
            let last = min(settings.last ?? schedule.count - 1, schedule.count - 1)
            return Array(stride(from: settings.first, through: last, by: settings.stride))
        case .reconstruction: return Array(0..<max(1, (settings.samples ?? 0) / settings.batchSize))
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
