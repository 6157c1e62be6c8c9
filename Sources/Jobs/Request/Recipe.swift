import Engine

/// What fields of a request that are left out take.
package enum Recipe: String, Sendable, CaseIterable {
    /// What was found best for the steps that a processor affords: docs/quality.md shows the comparison.
    case best
    /// The paper's recipe (arXiv 2305.10924), to the letter.
    case paper

    /// - Parameter hasPictures: whether the job has a dataset, without which nothing can be refitted.
    func pruning(hasPictures: Bool) -> JobRequest.Pruning {
        var pruning = JobRequest.Pruning()
        if self == .best { pruning.allocation = .global }
        if self == .best, hasPictures {
            pruning.reconstruction = JobRequest.Reconstruction()
            pruning.reconstruction?.isRequired = false
        }
        return pruning
    }

    /// - Parameters: as was asked for; nil takes the default.
    func finetuning(steps: Int? = nil, optimizer: OptimizerName? = nil) -> FineTuner.Settings {
        var settings = FineTuner.Settings()
        settings.steps = steps ?? settings.steps
        if self == .best {
            settings.optimizer = .soap
            settings.warmupSteps = min(20, settings.steps / 10)
            settings.schedule = .cosine
        }
        settings.optimizer = optimizer ?? settings.optimizer
        if self == .best { settings.learningRate = settings.optimizer == .soap ? 5e-3 : 2e-3 }
        return settings
    }
}
