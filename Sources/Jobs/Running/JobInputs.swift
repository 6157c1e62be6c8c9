import Engine

/// What a job is about, as it was read from the store.
struct JobInputs {
    /// What fine-tuning imitates.
    struct Imitated {
        /// Where it comes from.
        let lineage: Teacher
        fileprivate let stage: JobStages.Stage

        init(lineage: Teacher, stage: JobStages.Stage) { (self.lineage, self.stage) = (lineage, stage) }

        var model: any Architecture { stage.model }

        /// The network with its weights.
        func load() throws -> DiffusionCheckpoint { try stage.load() }
    }

    let source: StoredCheckpoint
    /// What its network is scored, trained and judged by.
    let objective: JobObjective
    var stages: JobStages
    /// What fine-tuning imitates, and its network.
    let teacher: Imitated?
    /// What the networks are shown; nil where there are no pictures, or they are to be encoded first.
    var pictures: PictureSet?
    /// The pictures as they are stored, and ``StoredPictures/digest(_:)``.
    let dataset: (pictures: StoredPictures, digest: String)?
    /// What becomes of pictures and captions before a network sees them; nil where they go in as they are.
    let encoding: EncodingShape?
    /// What sets of samples are compared with; nil where none are, or with statistics.
    let reference: ReferencePictures?
    /// What they are compared with, where it is no pictures.
    let statistics: StoredStatistics?
    /// What makes features of them; nil where the original's middle does.
    let extractor: StoredExtractor?

    /// What networks are judged by on what they are shown; nil where that takes pictures and there are none. Where networks are to be as the
    /// original is, what fine-tuning imitates comes before what the job is about: the one may be made of the other.
    func judging(_ parallel: Parallel) throws -> (any Objective)? {
        guard case .generation(let noise, _) = objective else { return objective.on(pictures) }
        let original = try (teacher?.load() ?? stages.original.load()).trained
        return try Generation(noise).imitating(original, by: original.model, parallel: parallel)
    }
}
