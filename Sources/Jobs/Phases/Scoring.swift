import Engine
import Storage

/// Adds up gradients over timesteps, by which the cut ranks channels.
struct Scoring: Phase {
    static let name = JobPhase.scoring
    static let pointer = "/pruning"
    static let section = MetricsSection("scoring", hasSeries: true)
    static let sections = [section]

    private let settings: JobRequest.Pruning

    init?(_ request: JobRequest) {
        guard let settings = request.pruning, settings.needsGradients else { return nil }
        self.settings = settings
    }

    // MARK: What it will take

    func steps(_ shape: JobShape) -> [PhaseSteps] {
        let last = settings.last ?? shape.schedule.count - 1
        let count = (last - settings.first) / settings.stride + 1
        return [PhaseSteps(.original, isTraining: true, count: count, samples: settings.batchSize)]
    }

    var batch: Int { settings.batchSize }

    /// The model and its gradients; pictures and noise.
    func fixedBytes(_ shape: JobShape) -> Int { shape.pictureBytes + 2 * shape.bytesBefore + 3 * settings.batchSize * shape.sampleBytes }

    func batchPlan(_ shape: JobShape, memory: Int) -> BatchPlan? {
        Engine.Scoring.plan(shape.before.graph, batch: settings.batchSize, memory: memory, parallel: shape.parallel)
    }

    // MARK: At work

    /// What was scored serves nothing but the cut.
    func isDone(in job: RunningJob) -> Bool { job.inputs.stages.pruned != nil }

    func run(_ job: RunningJob) throws {
        guard let pictures = job.inputs.pictures else { return }
        let original = try job.inputs.source.load()
        job.leave(ScoredNetwork(checkpoint: original, gradients: try score(original, pictures, job)))
    }

    private func score(_ original: DiffusionCheckpoint, _ pictures: PictureSet, _ job: RunningJob) throws -> Weights {
        let trained = original.trained
        let last = min(settings.last ?? original.schedule.count - 1, original.schedule.count - 1)
        let timesteps = Array(stride(from: settings.first, through: last, by: settings.stride))
        let scoring = Engine.Scoring(method: settings.method, threshold: settings.threshold, points: timesteps, seed: settings.seed)
        let state = try job.saved(Self.name) { try scoring.state(at: $0, of: trained) }
        var summary = ScoringSummary(settings, from: state)
        try job.write(summary.json, Self.section)
        try job.cutSeries(Self.section, after: state.flatMap { $0.completed > 0 ? timesteps[$0.completed - 1] : nil })
        try job.reporter.begin(Self.name, total: timesteps.count, completed: state?.completed ?? 0)
        let gradients = try scoring.run(
            trained, on: NoisePrediction(pictures, alphasCumprod: original.schedule.alphasCumprod), samples: settings.batchSize,
            memory: activations(job), parallel: job.parallel, from: state
        ) { loss, state in
            summary.add(loss)
            try job.reporter.step(series: Self.section, x: loss.point, point: ScoringSummary.point(loss)) { try job.blob(state.write) }
        }
        try job.reporter.flush()
        try job.write(summary.json, Self.section)
        return gradients
    }
}
