import Documents
import Engine
import Storage

/// Trains what the job has made so far.
struct FineTuning: Phase {
    static let name = JobPhase.finetuning
    static let pointer = "/finetuning"
    static let section = MetricsSection("finetuning", hasSeries: true)
    static let sections = [section]
    static let result: ResultManifest.Stage? = .finetuned

    private let settings: FineTuner.Settings
    /// What is learnt from a teacher; nil where there is none.
    private let shares: ImitationShares?
    private let unconditionalProbability: Double

    init?(_ request: JobRequest) {
        guard let finetuning = request.finetuning else { return nil }
        (settings, shares) = (finetuning.training, finetuning.distillation)
        unconditionalProbability = finetuning.unconditionalProbability ?? 0
    }

    // MARK: What it will take

    /// The optimiser's own work, and a teacher that goes through every batch too, forward alone.
    func steps(_ shape: JobShape) -> [PhaseSteps] {
        let training = PhaseSteps(
            .result, isTraining: true, count: settings.steps, samples: settings.batchSize,
            beside: settings.optimizer.multiplyAccumulates(shape.after.graph) / Double(settings.batchSize))
        let teaching = PhaseSteps(.teacher, isTraining: false, count: settings.steps, samples: settings.batchSize)
        return shares == nil ? [training] : [training, teaching]
    }

    var batch: Int { settings.batchSize }

    /// Weights, gradients, an average and what the optimiser remembers; pictures and noise; a teacher's weights.
    func fixedBytes(_ shape: JobShape) -> Int {
        let copies = settings.emaDecay > 0 ? 3 : 2
        return shape.pictureBytes + copies * shape.bytesAfter + settings.optimizer.bytes(shape.largestAfter.graph, shape.parallel)
            + shape.bytesOfTeacher + settings.batchSize * (3 * shape.sampleBytes + shape.toldBytes)
    }

    func batchPlan(_ shape: JobShape, memory: Int) -> BatchPlan? {
        let (student, batch, parallel) = (shape.after, settings.batchSize, shape.parallel)
        guard let shares, let teacher = shape.teacher else {
            return FineTuner.plan(student.graph, batch: batch, memory: memory, parallel: parallel)
        }
        return FineTuner.plan(shares.graph(of: student), batch: batch, memory: memory, parallel: parallel) {
            shares.bytes(batch: $0, teacher: teacher, student: student, parallel: parallel)
        }
    }

    // MARK: At work

    func rehearse(on pictures: PictureSet, _ objective: JobObjective) throws {
        guard let shown = objective.on(pictures, unconditionalProbability: unconditionalProbability) else { return }
        try FineTuner(settings).rehearse(on: shown)
    }

    func run(_ job: RunningJob) throws {
        let shown = job.inputs.objective.on(job.inputs.pictures, unconditionalProbability: unconditionalProbability)
        guard let plain = shown else { return }
        let checkpoint = try job.inputs.stages.latest.load()
        let objective: any Objective = try imitation(plain, by: checkpoint.trained.model, job) ?? plain
        let result = try tune(checkpoint, on: objective, job)
        try job.store(result.stored(as: job.formats()), as: .finetuned)
    }

    /// The objective beside a teacher; nil where there is none.
    private func imitation(_ plain: some Objective, by student: any Architecture, _ job: RunningJob) throws -> (any Objective)? {
        guard let shares, let teacher = job.inputs.teacher else { return nil }
        return try Imitation(
            plain, of: teacher.load().trained, by: student, kept: teacher.lineage.kept(teacher.model), shares: shares,
            parallel: job.parallel)
    }

    private func tune(_ checkpoint: DiffusionCheckpoint, on objective: some Objective, _ job: RunningJob) throws -> DiffusionCheckpoint {
        let tuner = FineTuner(settings)
        let state = try job.saved(Self.name) { try tuner.state(at: $0, of: checkpoint.trained) }
        try job.write(["steps": .integer(settings.steps)], Self.section)
        try job.cutSeries(Self.section, after: state?.step)
        try job.reporter.begin(Self.name, total: settings.steps, completed: state?.step ?? 0)
        let (weights, _) = try tuner.run(
            training: checkpoint.trained, on: objective, memory: activations(job), parallel: job.parallel, from: state
        ) { step, state in
            try job.reporter.step(series: Self.section, x: step.step, point: Self.point(step)) { try job.blob(state.write) }
        }
        try job.reporter.flush()
        let growth = try growth(job)
        try job.warn(growth, of: Self.name)
        let trained = TrainedModel(model: checkpoint.trained.model, weights: weights)
        return DiffusionCheckpoint(trained: trained, schedule: checkpoint.schedule, formats: checkpoint.formats, warnings: growth)
    }

    /// Whether the loss has grown, of all steps of all attempts.
    private func growth(_ job: RunningJob) throws -> [Warning] {
        let window = LossGrowth.window(of: settings.steps)
        let first = try job.losses(Self.section, after: 0, count: window)
        let last = try job.losses(Self.section, after: settings.steps - window, count: window)
        return LossGrowth(first: first, last: last, peak: try job.peak(Self.section)).warnings
    }

    /// The contract's entry of one step.
    private static func point(_ step: FineTuner.Step) -> JSON {
        let figures: JSON = [
            "step": .integer(step.step), "loss": .double(step.loss), "gradient_norm": .double(step.gradientNorm),
            "learning_rate": .double(step.learningRate),
        ]
        return figures.adding(step.terms.map { .init($0.name, .double($0.value)) })
    }
}
