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

    var finetuning: FineTuner.Settings {
        var settings = FineTuner.Settings()
        if self == .best {
            settings.learningRate = 1e-3
            settings.schedule = .cosine
        }
        return settings
    }
}
