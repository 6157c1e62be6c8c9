import Engine
import Storage

/// The checkpoints a job has come through so far. Their weights are in the store: each phase reads those it works on, and no others
/// take memory beside it.
struct JobStages {
    /// One of them.
    struct Stage {
        let checkpoint: StoredCheckpoint
        let model: any Architecture

        /// How many tokens the network is told; nil where it is told none, or as many as usual.
        private let tokens: Int?

        init(_ checkpoint: StoredCheckpoint, tokens: Int?) throws {
            try self.init(checkpoint, checkpoint.architecture().model, tokens: tokens)
        }

        /// - Parameter model: the checkpoint's network.
        init(_ checkpoint: StoredCheckpoint, _ model: any Architecture, tokens: Int?) throws {
            self.checkpoint = checkpoint
            self.tokens = tokens
            self.model = try tokens.map { try model.told(tokens: $0) } ?? model
        }

        /// The network with its weights.
        func load() throws -> DiffusionCheckpoint {
            let loaded = try checkpoint.load()
            guard let tokens else { return loaded }
            return DiffusionCheckpoint(
                trained: try loaded.trained.told(tokens: tokens), schedule: loaded.schedule, formats: loaded.formats,
                warnings: loaded.warnings)
        }
    }

    let original: Stage
    var pruned: Stage?
    var finetuned: Stage?

    /// Begins with the original and what earlier attempts of the job have made of it.
    ///
    /// - Parameter original: with how many tokens its network is told.
    init(_ original: Stage, of job: Job, in database: Database, tokens: Int?) throws {
        self.original = original
        let component = original.checkpoint.place.component
        pruned = try job.resultPruned.map { try Stage(StoredCheckpoint(database, $0, component: component), tokens: tokens) }
        finetuned = try job.resultCheckpoint.flatMap {
            $0 == job.resultPruned ? nil : try Stage(StoredCheckpoint(database, $0, component: component), tokens: tokens)
        }
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
