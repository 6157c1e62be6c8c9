import Engine

/// The checkpoints a job has come through so far.
struct JobStages {
    /// A checkpoint the job made and stored.
    struct Stored {
        let id: String
        let checkpoint: DiffusionCheckpoint
        /// Bytes of all its files.
        let size: Int
    }

    let source: StoredCheckpoint
    let original: DiffusionCheckpoint
    var pruned: Stored?
    var finetuned: Stored?

    init(source: StoredCheckpoint, original: DiffusionCheckpoint) {
        self.source = source
        self.original = original
    }

    /// What the job has made of the original.
    var latest: DiffusionCheckpoint { (finetuned ?? pruned)?.checkpoint ?? original }
    /// Bytes of the latest stage's files.
    var latestSize: Int { (finetuned ?? pruned)?.size ?? source.size }
}
