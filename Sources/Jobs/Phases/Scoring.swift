import Documents
import Engine
import Foundation
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

    private func walk(_ objective: JobObjective) -> Engine.Scoring {
        Engine.Scoring(
            method: settings.method, threshold: settings.threshold, points: objective.points(settings), seed: settings.seed)
    }

    func steps(_ shape: JobShape) -> [PhaseSteps] {
        let walk = walk(shape.objective)
        func steps(isTraining: Bool) -> PhaseSteps {
            PhaseSteps(
                .original, isTraining: isTraining, count: walk.points.count, samples: settings.batchSize, largest: walk.largest)
        }
        return [steps(isTraining: true)] + (walk.looksAhead ? [steps(isTraining: false)] : [])
    }

    var batch: Int { settings.method.goesSampleBySample ? 1 : settings.batchSize }

    /// The model and what its gradients leave; pictures and noise.
    func fixedBytes(_ shape: JobShape) -> Int {
        shape.pictureBytes + shape.bytesBefore + walk(shape.objective).bytes(shape.before.graph)
            + settings.batchSize * (3 * shape.sampleBytes + shape.toldBytes)
    }

    func batchPlan(_ shape: JobShape, memory: Int) -> BatchPlan? {
        walk(shape.objective).plan(shape.before.graph, samples: settings.batchSize, memory: memory, parallel: shape.parallel)
    }

    /// By what a pass is found again that found all that this one would.
    func key(_ request: JobRequest, _ objective: JobObjective, threads: Int) -> BlobDigest {
        ScoringRecord.key(
            settings, by: request.objective, points: walk(objective).points, checkpoint: request.checkpoint, dataset: request.dataset,
            threads: threads)
    }

    // MARK: At work

    func rehearse(on pictures: PictureSet, _ objective: JobObjective) throws {
        guard let shown = objective.on(pictures) else { return }
        try walk(objective).rehearse(on: shown, samples: settings.batchSize)
    }

    /// What was scored serves nothing but the cut.
    func isDone(in job: RunningJob) -> Bool { job.inputs.stages.pruned != nil }

    func run(_ job: RunningJob) throws {
        guard let shown = job.inputs.objective.on(job.inputs.pictures) else { return }
        let original = try job.inputs.stages.original.load()
        let key = key(job.request, job.inputs.objective, threads: job.parallel.threads)
        let importance = try reuse(key, original, job) ?? score(original, on: shown, job, key)
        job.leave(ScoredNetwork(checkpoint: original, importance: importance))
    }

    /// What a pass found that depended on the same, another job's or one of an earlier attempt; nil where there is none.
    private func reuse(_ key: BlobDigest, _ original: DiffusionCheckpoint, _ job: RunningJob) throws -> [[Double]]? {
        let groups = original.trained.model.graph.channelGroups()
        let found = try job.calibration(key) { path in
            try ScoringRecord([UInt8](Data(contentsOf: URL(fileURLWithPath: path))), for: groups)
        }
        guard let (record, scorer) = found else { return nil }
        job.reporter.leaveOut(Self.name)
        try job.cutSeries(Self.section, after: nil)
        for loss in record.losses { job.reporter.add(loss.point, x: loss.x, to: Self.section) }
        try job.reporter.flush()
        let reused: [JSON.Member] = scorer == job.job.id ? [] : [.init("reused_from", .string(scorer))]
        try job.write(record.summary.adding(reused), Self.section)
        return record.importance
    }

    /// Keeps what the pass found for later attempts and for other jobs.
    private func keep(_ importance: [[Double]], _ summary: JSON, _ key: BlobDigest, _ job: RunningJob) throws {
        let losses = try job.points(Self.section)
        guard let json = ScoringRecord(importance: importance, summary: summary, losses: losses).json else { return }
        try job.keepCalibration(key) { sink in try Array(json.compact.utf8).withUnsafeBytes(sink) }
    }

    private func score(
        _ original: DiffusionCheckpoint, on shown: some Objective, _ job: RunningJob, _ key: BlobDigest
    ) throws -> [[Double]] {
        let trained = original.trained
        let objective = job.inputs.objective
        let scoring = walk(objective)
        let points = scoring.points
        let state = try job.saved(Self.name) { try scoring.state(at: $0, of: trained) }
        var summary = ScoringSummary(settings, objective, from: state)
        try job.write(summary.json, Self.section)
        try job.cutSeries(Self.section, after: state.flatMap { $0.completed > 0 ? points[$0.completed - 1] : nil })
        try job.reporter.begin(Self.name, total: points.count, completed: state?.completed ?? 0)
        var forecast = scoring.limit.map { ThresholdForecast(points: points, threshold: $0) }
        let outcome = try scoring.run(
            trained, on: shown, samples: settings.batchSize,
            memory: activations(job), parallel: job.parallel, from: state
        ) { loss, state in
            summary.add(loss)
            forecast?.add(loss.point, loss: loss.loss)
            job.reporter.expected = forecast?.expected
            try job.reporter.step(series: Self.section, x: loss.point, point: summary.point(loss)) { try job.blob(state.write) }
        }
        try job.reporter.flush()
        if let choice = outcome.choice {
            summary.choose(choice)
            // Which timesteps do not count is known only now.
            try job.cutSeries(Self.section, after: points[choice.kept - 1])
            for loss in outcome.rejected { job.reporter.add(summary.point(loss), x: loss.point, to: Self.section) }
            try job.reporter.flush()
        }
        try job.write(summary.json, Self.section)
        try keep(outcome.importance, summary.json, key, job)
        return outcome.importance
    }
}
