import Engine
import Storage

/// Collects gradients over timesteps, and ranks channels by them for the cut.
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

    private func walk(_ schedule: NoiseSchedule) -> Engine.Scoring {
        let last = min(settings.last ?? schedule.count - 1, schedule.count - 1)
        let timesteps = Array(stride(from: settings.first, through: last, by: settings.stride))
        return Engine.Scoring(method: settings.method, threshold: settings.threshold, points: timesteps, seed: settings.seed)
    }

    func steps(_ shape: JobShape) -> [PhaseSteps] {
        let walk = walk(shape.schedule)
        func steps(isTraining: Bool) -> PhaseSteps {
            PhaseSteps(
                .original, isTraining: isTraining, count: walk.points.count, samples: settings.batchSize, largest: walk.largest)
        }
        return [steps(isTraining: true)] + (walk.looksAhead ? [steps(isTraining: false)] : [])
    }

    var batch: Int { settings.method.goesSampleBySample ? 1 : settings.batchSize }

    /// The model and what its gradients leave; pictures and noise.
    func fixedBytes(_ shape: JobShape) -> Int {
        shape.pictureBytes + shape.bytesBefore + walk(shape.schedule).bytes(shape.before.graph)
            + settings.batchSize * (3 * shape.sampleBytes + shape.toldBytes)
    }

    func batchPlan(_ shape: JobShape, memory: Int) -> BatchPlan? {
        walk(shape.schedule).plan(shape.before.graph, samples: settings.batchSize, memory: memory, parallel: shape.parallel)
    }

    // MARK: At work

    func rehearse(on pictures: PictureSet, _ schedule: NoiseSchedule) throws {
        try walk(schedule).rehearse(on: NoisePrediction(pictures, schedule), samples: settings.batchSize)
    }

    /// What was scored serves nothing but the cut.
    func isDone(in job: RunningJob) -> Bool { job.inputs.stages.pruned != nil }

    func run(_ job: RunningJob) throws {
        guard let pictures = job.inputs.pictures else { return }
        let original = try job.inputs.stages.original.load()
        job.leave(ScoredNetwork(checkpoint: original, importance: try score(original, pictures, job)))
    }

    private func score(_ original: DiffusionCheckpoint, _ pictures: PictureSet, _ job: RunningJob) throws -> [[Double]] {
        let trained = original.trained
        let scoring = walk(original.schedule)
        let timesteps = scoring.points
        let state = try job.saved(Self.name) { try scoring.state(at: $0, of: trained) }
        var summary = ScoringSummary(settings, from: state)
        try job.write(summary.json, Self.section)
        try job.cutSeries(Self.section, after: state.flatMap { $0.completed > 0 ? timesteps[$0.completed - 1] : nil })
        try job.reporter.begin(Self.name, total: timesteps.count, completed: state?.completed ?? 0)
        var forecast = scoring.limit.map { ThresholdForecast(points: timesteps, threshold: $0) }
        let outcome = try scoring.run(
            trained, on: NoisePrediction(pictures, original.schedule), samples: settings.batchSize,
            memory: activations(job), parallel: job.parallel, from: state
        ) { loss, state in
            summary.add(loss)
            forecast?.add(loss.point, loss: loss.loss)
            job.reporter.expected = forecast?.expected
            try job.reporter.step(series: Self.section, x: loss.point, point: ScoringSummary.point(loss)) { try job.blob(state.write) }
        }
        try job.reporter.flush()
        if let choice = outcome.choice {
            summary.choose(choice)
            // Which timesteps do not count is known only now.
            try job.cutSeries(Self.section, after: timesteps[choice.kept - 1])
            for loss in outcome.rejected { job.reporter.add(ScoringSummary.point(loss), x: loss.point, to: Self.section) }
            try job.reporter.flush()
        }
        try job.write(summary.json, Self.section)
        return outcome.importance
    }
}
