import Documents
import Engine
import Media
import Storage

/// Judges what the job has made: held-out losses, samples from the same noise before and after, how alike they are, and grids of them.
struct Evaluating: Phase {
    static let name = JobPhase.evaluating
    static let pointer = "/evaluation"
    static let section = MetricsSection("evaluation")
    static let sections = [section]

    private let settings: JobRequest.Evaluation
    /// How many results the job makes, each judged beside the original.
    private let results: Int

    init?(_ request: JobRequest) {
        guard let settings = request.evaluation else { return nil }
        self.settings = settings
        results = (request.pruning == nil ? 0 : 1) + (request.finetuning == nil ? 0 : 1)
    }

    // MARK: What it will take

    func steps(_ shape: JobShape) -> [PhaseSteps] {
        let held = min(HeldOutLoss.largestCount, shape.pictures)
        let networks = [PhaseSteps.Network.original] + Array(repeating: .result, count: results)
        return networks.flatMap { network in
            [
                PhaseSteps(network, isTraining: false, samples: held, largest: Sampling.largestBatch),
                PhaseSteps(
                    network, isTraining: false, count: settings.steps * (settings.sampling.isGuided ? 2 : 1), samples: settings.samples,
                    largest: Sampling.largestBatch),
            ]
        }
    }

    var batch: Int { min(Sampling.largestBatch, settings.samples) }

    /// One stage after the other; samples, their noise, what guides it, its variance and both as the network gives them, and the pictures of
    /// each stage.
    func fixedBytes(_ shape: JobShape) -> Int {
        let copies = 4 + (settings.sampling.isGuided ? 1 : 0) + (shape.schedule.predictsVariance ? 3 : 0)
        return shape.pictureBytes + shape.bytesBefore + copies * settings.samples * shape.sampleBytes
    }

    func batchPlan(_ shape: JobShape, memory: Int) -> BatchPlan? {
        Sampling.plan(shape.before.graph, samples: settings.samples, memory: memory, parallel: shape.parallel)
    }

    // MARK: At work

    /// What one stage gives.
    private struct Outcome {
        var loss: Double?
        let secondsPerSample: Double
        let pictures: Pictures
    }

    /// Evaluates every stage.
    func run(_ job: RunningJob) throws {
        let (stages, pictures, memory) = (job.inputs.stages, job.inputs.pictures, activations(job))
        let count = [stages.original, stages.pruned, stages.finetuned].compactMap { $0 }.count
        try job.reporter.begin(Self.name, total: count * (settings.sampling.steps + (pictures == nil ? 0 : 1)))
        let held = try pictures.map {
            try HeldOutLoss(NoisePrediction($0, stages.original.schedule), seed: settings.seed &+ 1)
        }

        // Sample i is of what the held-out picture i is of.
        let told = pictures.flatMap { pictures in pictures.conditions?.taking(HeldOutLoss.held(of: pictures.count)) }
        func evaluated(_ stage: JobStages.Stage) throws -> Outcome { try evaluate(stage, held, told, memory, job) }
        let before = try evaluated(stages.original)
        let pruned = try stages.pruned.map(evaluated)
        let after = try stages.finetuned.map(evaluated) ?? pruned ?? before

        try job.write(Self.json(before, pruned, after), Self.section)
        job.leave(
            try [("before", before), ("pruned", pruned), ("after", after)].compactMap { name, outcome in
                try outcome.map { ("samples_\(name).png", try Self.grid($0.pictures)) }
            })
    }

    /// The contract's `evaluation` object.
    private static func json(_ before: Outcome, _ pruned: Outcome?, _ after: Outcome) -> JSON {
        let ssim = StructuralSimilarity.perSample(before.pictures, after.pictures)
        return [
            "loss": ["before": .optional(before.loss), "pruned": .optional(pruned?.loss), "after": .optional(after.loss)],
            "ssim": [
                "mean": .optional(ssim.map { $0.reduce(0, +) / Double($0.count) }),
                "per_sample": ssim.map { .array($0.map(JSON.double)) } ?? nil,
            ],
            "mse": ["mean": .double(before.pictures.meanSquaredError(to: after.pictures))],
            "seconds_per_sample": ["before": .double(before.secondsPerSample), "after": .double(after.secondsPerSample)],
        ]
    }

    /// Samples side by side as PNG.
    private static func grid(_ pictures: Pictures) throws -> [UInt8] {
        let grid = SampleGrid(pictures)
        return try PNGEncoder.encode(Picture(width: grid.width, height: grid.height, channels: grid.channels, pixels: grid.bytes))
    }

    private func evaluate(
        _ stage: JobStages.Stage, _ held: HeldOutLoss?, _ told: Conditions?, _ memory: Int, _ job: RunningJob
    ) throws -> Outcome {
        let checkpoint = try stage.checkpoint.load()
        let parallel = job.parallel
        let loss = held?.evaluate(checkpoint.trained, memory: memory, parallel: parallel)
        if held != nil { try job.reporter.step() }
        let start = JobProgressReporter.now()
        let samples = try settings.sampling.run(
            checkpoint.trained, schedule: checkpoint.schedule, conditions: told, memory: memory, parallel: parallel
        ) { _ in try job.reporter.step() }
        let seconds = JobProgressReporter.now() - start
        let shape = checkpoint.trained.model.sampleShape
        let pictures = samples.withUnsafeBufferPointer {
            Pictures(count: settings.samples, channels: shape.channels, height: shape.height, width: shape.width, quantizing: $0)
        }
        return Outcome(loss: loss, secondsPerSample: seconds / Double(settings.samples), pictures: pictures)
    }
}
