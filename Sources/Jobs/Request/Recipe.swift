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
        // Neighbouring timesteps say nearly the same: the cut is as good by a quarter of them, or a tenth.
        if self == .best { (pruning.allocation, pruning.depth, pruning.stride) = (.global, true, 4) }
        if hasPictures { pruning.reconstruction = reconstruction }
        return pruning
    }

    /// How what is left is refitted where nobody says, and there is something to go by.
    var reconstruction: JobRequest.Reconstruction? {
        guard self == .best else { return nil }
        var reconstruction = JobRequest.Reconstruction()
        reconstruction.isRequired = false
        return reconstruction
    }

    /// - Parameters: as was asked for; nil takes the default.
    func finetuning(steps: Int? = nil, optimizer: OptimizerName? = nil) -> FineTuner.Settings {
        var settings = FineTuner.Settings()
        settings.steps = steps ?? settings.steps
        if self == .best {
            settings.optimizer = .soap
            settings.warmupSteps = min(40, settings.steps / 5)
            settings.schedule = .cosine
        }
        settings.optimizer = optimizer ?? settings.optimizer
        // Of 3e-3 to 1.2e-2 what is good at ratios 0.3 and 0.5 alike, on the example network; AdamW bears less.
        if self == .best { settings.learningRate = settings.optimizer == .soap ? 7e-3 : 2e-3 }
        return settings
    }
}
