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

    init?(_ request: JobRequest) {
        guard let settings = request.finetuning else { return nil }
        self.settings = settings
    }

    // MARK: What it will take

    func steps(_ shape: JobShape) -> [PhaseSteps] {
        [PhaseSteps(.result, isTraining: true, count: settings.steps, samples: settings.batchSize)]
    }

    var batch: Int { settings.batchSize }

    /// Weights, gradients, two moments and an average; pictures and noise.
    func fixedBytes(_ shape: JobShape) -> Int {
        let copies = settings.emaDecay > 0 ? 5 : 4
        return shape.pictureBytes + copies * shape.bytesAfter + 3 * settings.batchSize * shape.sampleBytes
    }

    func batchPlan(_ shape: JobShape, memory: Int) -> BatchPlan? {
        FineTuner.plan(shape.after.graph, batch: settings.batchSize, memory: memory, parallel: shape.parallel)
    }

    // MARK: At work

    func run(_ job: RunningJob) throws {
        guard let pictures = job.inputs.pictures else { return }
        let result = try tune(job.inputs.stages.latest.checkpoint.load(), pictures, job).stored(as: job.type)
        try job.store(result, as: .finetuned)
    }

    private func tune(_ checkpoint: DiffusionCheckpoint, _ pictures: PictureSet, _ job: RunningJob) throws -> DiffusionCheckpoint {
        let tuner = FineTuner(settings)
        let state = try job.saved(Self.name) { try tuner.state(at: $0, of: checkpoint.trained) }
        try job.write(["steps": .integer(settings.steps)], Self.section)
        try job.cutSeries(Self.section, after: state?.step)
        try job.reporter.begin(Self.name, total: settings.steps, completed: state?.step ?? 0)
        let (weights, _) = try tuner.run(
            training: checkpoint.trained, on: NoisePrediction(pictures, alphasCumprod: checkpoint.schedule.alphasCumprod),
            memory: activations(job), parallel: job.parallel, from: state
        ) { step, state in
            let point: JSON = [
                "step": .integer(step.step), "loss": .double(step.loss), "gradient_norm": .double(step.gradientNorm),
                "learning_rate": .double(step.learningRate),
            ]
            try job.reporter.step(series: Self.section, x: step.step, point: point) { try job.blob(state.write) }
        }
        try job.reporter.flush()
        let trained = TrainedModel(model: checkpoint.trained.model, weights: weights)
        return DiffusionCheckpoint(trained: trained, schedule: checkpoint.schedule, type: checkpoint.type)
    }
}
