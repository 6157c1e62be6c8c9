import Engine
import Storage

/// The checkpoints a job has come through so far. Their weights are in the store: each phase reads those it works on, and no others
/// take memory beside it.
struct JobStages {
    /// One of them.
    struct Stage {
        let checkpoint: StoredCheckpoint
        let model: any Architecture
        let schedule: NoiseSchedule

        init(_ checkpoint: StoredCheckpoint) throws {
            self.checkpoint = checkpoint
            (model, schedule) = try checkpoint.architecture()
        }
    }

    let original: Stage
    var pruned: Stage?
    var finetuned: Stage?

    /// Begins with the original and what earlier attempts of the job have made of it.
    init(_ source: StoredCheckpoint, of job: Job, in database: Database) throws {
        original = try Stage(source)
        pruned = try job.resultPruned.map { try Stage(StoredCheckpoint(database, $0)) }
        finetuned = try job.resultCheckpoint.flatMap { $0 == job.resultPruned ? nil : try Stage(StoredCheckpoint(database, $0)) }
    }

    /// A result, where the job has come to it.
    subscript(stage: ResultManifest.Stage) -> Stage? {
        get {
            switch stage {
            case .pruned: pruned
            case .finetuned: finetuned
            }
        }
        set {
            switch stage {
            case .pruned: pruned = newValue
            case .finetuned: finetuned = newValue
            }
        }
    }

    /// What the job has made of the original.
    var latest: Stage { finetuned ?? pruned ?? original }
}
