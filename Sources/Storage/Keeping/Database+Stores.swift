/// What the rows are, by kind.
extension Database {
    /// The checkpoints.
    public var checkpoints: CheckpointStore { CheckpointStore(database: self) }
    /// The datasets.
    public var datasets: DatasetStore { DatasetStore(database: self) }
    /// The networks that make features of pictures.
    public var extractors: EvaluationFileStore { EvaluationFileStore(database: self, kind: .extractor) }
    /// The statistics of features that samples may be compared with.
    public var statistics: EvaluationFileStore { EvaluationFileStore(database: self, kind: .statistics) }
    /// The jobs.
    public var jobs: JobQueue { JobQueue(database: self) }
    /// The sweeps.
    public var sweeps: SweepStore { SweepStore(database: self) }
    /// What was scored, for whoever asks for the same.
    public var calibrations: CalibrationStore { CalibrationStore(database: self) }
    /// The tokens.
    public var tokens: TokenStore { TokenStore(database: self) }
    /// The uploads that come in pieces.
    public var uploads: UploadStore { UploadStore(database: self) }
    /// The events that are to be told.
    public var webhooks: WebhookStore { WebhookStore(database: self) }
    /// Answers to creating requests.
    public var answers: AnswerStore { AnswerStore(database: self) }
}
