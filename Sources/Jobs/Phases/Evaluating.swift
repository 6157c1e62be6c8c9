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
        var steps: [PhaseSteps] = []
        if let encoding = shape.encoding, encoding.autoencoder != nil {
            let work = encoding.multiplyAccumulates(of: .decoder)
            steps.append(PhaseSteps(multiplyAccumulates: work, count: networks.count * settings.samples))
        }
        for network in networks {
            steps += [
                PhaseSteps(network, isTraining: false, samples: held, largest: Sampling.largestBatch),
                PhaseSteps(
                    network, isTraining: false, count: shape.objective.passes(settings), samples: settings.samples,
                    largest: Sampling.largestBatch),
            ]
        }
        return steps
    }

    var batch: Int { min(Sampling.largestBatch, settings.samples) }

    /// Latents that become pictures at once at most.
    private static let largestDecoded = 4

    /// One stage after the other; samples, their noise, what guides it, its variance and both as the network gives them, what it is told, and
    /// the pictures of each stage; what makes pictures of samples.
    func fixedBytes(_ shape: JobShape) -> Int {
        let copies = 4 + (settings.sampling.isGuided ? 1 : 0) + (shape.objective.schedule?.predictsVariance ?? false ? 3 : 0)
        let told = settings.samples * (settings.sampling.isGuided ? 2 : 1) * shape.toldBytes
        let decoded = shape.encoding?.autoencoder == nil ? 0 : settings.samples * (shape.encoding?.picture.count ?? 0) * 2
        return shape.pictureBytes + max(shape.bytesBefore, shape.encoding?.bytes(of: .decoder) ?? 0)
            + copies * settings.samples * shape.sampleBytes + told + decoded * MemoryLayout<Float>.stride
    }

    /// That of drawing samples, or of making pictures of them after it where that takes more.
    func batchPlan(_ shape: JobShape, memory: Int) -> BatchPlan? {
        let drawing = Sampling.plan(shape.before.graph, samples: settings.samples, memory: memory, parallel: shape.parallel)
        let decoding = try? shape.encoding?.plan(
            .decoder, samples: min(Self.largestDecoded, settings.samples), memory: memory, parallel: shape.parallel)?.batch
        guard let decoding, decoding.bytes > drawing.bytes else { return drawing }
        return decoding
    }

    // MARK: At work

    func rehearse(on pictures: PictureSet, _ objective: JobObjective) throws { _ = try heldOut(pictures, objective) }

    private func heldOut(_ pictures: PictureSet, _ objective: JobObjective) throws -> HeldOutLoss {
        try HeldOutLoss(objective.on(pictures), seed: settings.heldOutSeed)
    }

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
        let besides = (pictures == nil ? 0 : 1) + (job.inputs.encoding?.autoencoder == nil ? 0 : 1)
        let steps = job.inputs.objective.schedule == nil ? 1 : settings.sampling.steps
        try job.reporter.begin(Self.name, total: count * (steps + besides))
        let held = try pictures.map { try heldOut($0, job.inputs.objective) }
        let shown = try HeldOutPictures(job.inputs, most: settings.samples)

        // Sample i is of what the held-out picture i is of.
        let told = pictures.flatMap { pictures in pictures.conditions?.taking(HeldOutLoss.held(of: pictures.count)) }
        func evaluated(_ stage: JobStages.Stage) throws -> Outcome { try evaluate(stage, held, told, shown, memory, job) }
        let before = try evaluated(stages.original)
        let pruned = try stages.pruned.map(evaluated)
        let tuned = try stages.finetuned.map(evaluated)
        let after = tuned ?? pruned ?? before

        try job.warn(Self.warnings(before: (pruned ?? before).loss, after: tuned?.loss), of: Self.name)
        let reconstruction = shown?.json(before.pictures, pruned?.pictures, after.pictures)
        try job.write(
            Self.json(before, pruned, after, foretold(job), told: told.flatMap { _ in words(job) }).adding(
                reconstruction.map { [.init("reconstruction", $0)] } ?? []), Self.section)
        job.leave(
            try [
                ("before", before.pictures), ("pruned", pruned?.pictures), ("after", after.pictures), ("originals", shown?.pictures),
            ].compactMap { name, pictures in try pictures.map { ("samples_\(name).png", try Self.grid($0)) } })
    }

    /// The contract's `evaluation` object.
    ///
    /// - Parameter foretold: which share of the original's time the result was to take.
    private static func json(_ before: Outcome, _ pruned: Outcome?, _ after: Outcome, _ foretold: Double?, told: [String]?) -> JSON {
        let ssim = StructuralSimilarity.perSample(before.pictures, after.pictures)
        return [
            "loss": ["before": .optional(before.loss), "pruned": .optional(pruned?.loss), "after": .optional(after.loss)],
            "ssim": [
                "mean": .optional(ssim.map { $0.reduce(0, +) / Double($0.count) }),
                "per_sample": ssim.map { .array($0.map(JSON.double)) } ?? nil,
            ],
            "mse": ["mean": .double(before.pictures.meanSquaredError(to: after.pictures))],
            "seconds_per_sample": [
                "before": .double(before.secondsPerSample), "after": .double(after.secondsPerSample),
                "predicted": .optional(foretold.map { $0 * before.secondsPerSample }),
            ],
            "conditions": told.map { .array($0.map(JSON.string)) } ?? .null,
        ]
    }

    /// Which share of the original's time a sample of the result was to take, by the time of each of the original's layers; nil where nothing was
    /// cut.
    private func foretold(_ job: RunningJob) -> Double? {
        let stages = job.inputs.stages
        guard results > 0, let result = stages.finetuned ?? stages.pruned,
            result.model.graph.parameterCount < stages.original.model.graph.parameterCount
        else { return nil }
        let clock = settings.clock(job.inputs.objective, memory: activations(job), job.parallel)
        return clock.share(of: result.model.graph, in: stages.original.model.graph)
    }

    /// Whether fine-tuning has made the held-out loss larger; nil where there is none.
    private static func warnings(before: Double?, after: Double?) -> [Warning] {
        guard let before, let after, !(after <= before) else { return [] }
        let figures = "\(LossGrowth.shown(before)) before and \(LossGrowth.shown(after)) after it"
        return [Warning(.heldOutLossRose, "fine-tuning made the held-out loss larger: \(figures)")]
    }

    /// What each sample is of, in words; nil where there are none.
    private func words(_ job: RunningJob) -> [String]? {
        guard let pictures = job.inputs.dataset?.pictures, let words = pictures.words else { return nil }
        let held = HeldOutLoss.held(of: pictures.count)
        return (0..<settings.samples).map { words[held.lowerBound + $0 % held.count] }
    }

    /// Samples side by side as PNG.
    private static func grid(_ pictures: Pictures) throws -> [UInt8] {
        let grid = SampleGrid(pictures)
        return try PNGEncoder.encode(Picture(width: grid.width, height: grid.height, channels: grid.channels, pixels: grid.bytes))
    }

    private func evaluate(
        _ stage: JobStages.Stage, _ held: HeldOutLoss?, _ told: Conditions?, _ shown: HeldOutPictures?, _ memory: Int, _ job: RunningJob
    ) throws -> Outcome {
        let (loss, samples, seconds) = try draw(stage, held, told, shown, memory, job)
        return Outcome(
            loss: loss, secondsPerSample: seconds / Double(shown?.pictures.count ?? settings.samples),
            pictures: try self.shown(samples, stage.model, memory, job))
    }

    /// The held-out loss and samples of a stage, or what it makes of held-out pictures; its network is let go of then.
    private func draw(
        _ stage: JobStages.Stage, _ held: HeldOutLoss?, _ told: Conditions?, _ shown: HeldOutPictures?, _ memory: Int, _ job: RunningJob
    ) throws -> (loss: Double?, samples: [Float], seconds: Double) {
        let checkpoint = try stage.load()
        let parallel = job.parallel
        let loss = held?.evaluate(checkpoint.trained, memory: memory, parallel: parallel)
        if held != nil { try job.reporter.step() }
        let start = JobProgressReporter.now()
        let samples: [Float]
        if let schedule = checkpoint.schedule {
            samples = try settings.sampling.run(
                checkpoint.trained, schedule: schedule, conditions: told, memory: memory, parallel: parallel
            ) { _ in try job.reporter.step() }
        } else {
            samples =
                try shown?.reconstructed(by: checkpoint.trained, memory: memory, parallel: parallel) { try job.reporter.check() } ?? []
            try job.reporter.step()
        }
        return (loss, samples, JobProgressReporter.now() - start)
    }

    /// Samples as pictures: what the pipeline's decoder makes of them, where they are latents.
    private func shown(_ samples: [Float], _ model: any Architecture, _ memory: Int, _ job: RunningJob) throws -> Pictures {
        guard let shape = job.inputs.encoding, shape.autoencoder != nil,
            let autoencoder = try job.inputs.source.autoencoder([.decoder])
        else { return pictures(samples, model.sampleShape) }
        let decoder = try LatentDecoder(
            autoencoder, height: shape.picture.height, width: shape.picture.width, samples: min(Self.largestDecoded, settings.samples),
            memory: memory, parallel: job.parallel)
        var decoded: [Float] = []
        let size = Self.largestDecoded * shape.sample.count
        for start in stride(from: 0, to: samples.count, by: size) {
            decoded += try decoder.decode(Array(samples[start..<min(start + size, samples.count)])) { _ in try job.reporter.check() }
        }
        try job.reporter.step()
        return pictures(decoded, decoder.plan.sampleShape)
    }

    private func pictures(_ numbers: [Float], _ shape: Shape) -> Pictures {
        numbers.withUnsafeBufferPointer {
            Pictures(
                count: numbers.count / shape.count, channels: shape.channels, height: shape.height, width: shape.width, quantizing: $0)
        }
    }
}
