import Engine
import Storage

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

    /// Begins with the original and what earlier attempts of the job have made of it.
    init(source: StoredCheckpoint, original: DiffusionCheckpoint, of job: Job, in database: Database) throws {
        self.source = source
        self.original = original
        pruned = try job.resultPruned.map { try StoredCheckpoint.result(database, $0) }
        finetuned = try job.resultCheckpoint.flatMap { $0 == job.resultPruned ? nil : try StoredCheckpoint.result(database, $0) }
    }

    /// What the job has made of the original.
    var latest: DiffusionCheckpoint { (finetuned ?? pruned)?.checkpoint ?? original }
    /// Bytes of the latest stage's files.
    var latestSize: Int { (finetuned ?? pruned)?.size ?? source.size }
}
