import Documents
import Engine
import Media
import Storage

/// Judges what the job has made: held-out losses, samples from the same noise before and after, how alike they are, how far they are from
/// pictures as they should be, and grids of them.
struct Evaluating: Phase {
    static let name = JobPhase.evaluating
    static let pointer = "/evaluation"
    static let section = MetricsSection("evaluation")
    static let sections = [section]

    let settings: JobRequest.Evaluation
    /// How many results the job makes, each judged beside the original.
    private let results: Int

    init?(_ request: JobRequest) {
        guard let settings = request.evaluation else { return nil }
        self.settings = settings
        results = (request.pruning == nil ? 0 : 1) + (request.finetuning == nil ? 0 : 1)
    }

    /// Samples in a grid at most, the first.
    static let largestGrid = 64
    /// Samples that are compared with the original's one by one at most, the first.
    static let mostPairs = Sampling.largestPart
    /// Latents that become pictures at once at most.
    static let largestDecoded = 4

    // MARK: What it will take

    func steps(_ shape: JobShape) -> [PhaseSteps] {
        let held = shape.heldOut
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
        if shape.judgesSets, let graph = shape.extractor?.model.graph ?? MiddleFeatures.graph(of: shape.before) {
            let encoding = shape.extractor == nil ? shape.encoding?.multiplyAccumulates(of: .encoder) ?? 0 : 0
            let work = graph.multiplyAccumulates + encoding
            steps.append(PhaseSteps(multiplyAccumulates: work, count: networks.count * settings.samples + shape.references))
        }
        return steps
    }

    var batch: Int { min(Sampling.largestBatch, settings.samples) }

    /// One stage after the other, and the pictures of all, as they are and as they are saved; then what judges them.
    func fixedBytes(_ shape: JobShape) -> Int {
        let picture = shape.encoding?.autoencoder == nil ? shape.sampleCount : shape.encoding?.picture.count ?? 0
        let pictures = (results + 1) * settings.samples * picture * (settings.keepsSamples ? 3 : 2)
        return shape.pictureBytes + shape.bytesOfJudge + pictures + max(drawingBytes(shape), judgingBytes(shape, picture: picture))
    }

    /// Samples that are drawn together, their noise, what guides them, their variance and both as the network gives them, what it is told,
    /// and where they stand as it is saved; what makes pictures of them.
    private func drawingBytes(_ shape: JobShape) -> Int {
        let samples = min(Sampling.largestPart, settings.samples)
        let copies = 6 + (settings.sampling.isGuided ? 1 : 0) + (shape.objective.schedule?.predictsVariance ?? false ? 3 : 0)
        let told = samples * (settings.sampling.isGuided ? 2 : 1) * shape.toldBytes
        let decoded = 2 * Self.largestDecoded * (shape.encoding?.picture.count ?? 0) * MemoryLayout<Float>.stride
        return max(shape.bytesBefore, shape.encoding?.bytes(of: .decoder) ?? 0) + copies * samples * shape.sampleBytes + told + decoded
    }

    /// The extractor, or the original and its encoder; the reference, features of both sets, and what goes over them.
    private func judgingBytes(_ shape: JobShape, picture: Int) -> Int {
        guard shape.judgesSets, let width = shape.features else { return 0 }
        let (samples, references) = (settings.samples, shape.references)
        let work = settings.setMetrics.map { metric in
            switch metric {
            case .mind: SlicedWasserstein.bytes(samples, references, width: max(width, picture), parallel: shape.parallel)
            case .kid: KernelDistance().bytes(width: width, parallel: shape.parallel)
            case .frechet, .fid:
                // By statistics there is no way round covariances, and they are read; of pictures they are handed out, too.
                (shape.hasStatistics
                    ? FrechetDistance.bytes(max(samples, width), width, width: width)
                    : FrechetDistance.bytes(samples, references, width: width)) + 4 * width * width * MemoryLayout<Double>.stride
            case .ssim, .mse: 0
            }
        }
        let batch = 3 * PictureJudge.batch * picture * MemoryLayout<Float>.stride
        let network = shape.extractor?.bytes ?? shape.bytesBefore + (shape.encoding?.bytes(of: .encoder) ?? 0)
        return network + references * picture + batch
            + (samples + references) * width * MemoryLayout<Float>.stride + (work.max() ?? 0)
    }

    /// That of whatever takes the most: drawing samples, making pictures of them, or judging them.
    func batchPlan(_ shape: JobShape, memory: Int) -> BatchPlan? {
        func coding(_ half: AutoencoderHalf, _ samples: Int) -> BatchPlan? {
            try? shape.encoding?.plan(half, samples: samples, memory: memory, parallel: shape.parallel)?.batch
        }
        let part = min(Sampling.largestPart, settings.samples)
        var plans = [
            Sampling.plan(shape.before.graph, samples: part, memory: memory, parallel: shape.parallel),
            coding(.decoder, min(Self.largestDecoded, settings.samples)),
        ]
        if shape.judgesSets, let extractor = shape.extractor {
            plans.append(InceptionFeatures.plan(extractor.model, memory: memory, parallel: shape.parallel))
        } else if shape.judgesSets, let graph = MiddleFeatures.graph(of: shape.before) {
            plans.append(MiddleFeatures.plan(graph, samples: MiddleFeatures.largestBatch, memory: memory, parallel: shape.parallel))
            plans.append(coding(.encoder, PictureJudge.largestEncoded))
        }
        return plans.compactMap { $0 }.max { $0.bytes < $1.bytes }
    }

    // MARK: At work

    func rehearse(on pictures: PictureSet, _ objective: JobObjective) throws {
        if let shown = objective.on(pictures) { _ = try HeldOutLoss(shown, seed: settings.heldOutSeed) }
    }

    /// Evaluates every stage: all are drawn, then all are judged.
    func run(_ job: RunningJob) throws {
        let stages = job.inputs.stages
        let all = [stages.original, stages.pruned, stages.finetuned].compactMap { $0 }
        let drawing = try SampleDrawing(self, job, memory: activations(job), stages: all.count)
        let judging = PictureJudge.steps(
            settings.setMetrics, stages: all.count, samples: settings.samples, references: job.inputs.reference?.count ?? 0)
        try job.reporter.begin(Self.name, total: drawing.steps + judging, completed: drawing.completed)
        for (place, stage) in all.enumerated() { try drawing.draw(stage, at: place) }
        let pictures = drawing.pictures
        let report = EvaluationReport(
            settings, stages: drawing.record.drawn, pictures: pictures, originals: drawing.originals, hasPruned: stages.pruned != nil,
            hasTuned: stages.finetuned != nil)
        var judged: [String: JSON] = [:]
        if !settings.setMetrics.isEmpty { judged = try judge(pictures, report, drawing, job) }

        try job.warn(report.warnings, of: Self.name)
        try job.write(report.json(words: words(job), foretold: foretold(job)).replacing(judged), Self.section)
        job.leave(
            try report.shown(pictures).map { name, pictures in ("samples_\(name).png", try Self.grid(pictures.prefix(Self.largestGrid))) })
        if settings.keepsSamples { try SampleArchive.add(report.shown(pictures), to: job) }
    }

    /// Which share of the original's time a sample of the result was to take, by the time of each of the original's layers; nil where nothing was
    /// cut.
    private func foretold(_ job: RunningJob) -> Double? {
        let stages = job.inputs.stages
        guard results > 0, let result = stages.finetuned ?? stages.pruned, result.model.isCut(of: stages.original.model) else { return nil }
        let clock = settings.clock(job.inputs.objective, memory: activations(job), job.parallel)
        return clock.share(of: result.model.graph, in: stages.original.model.graph)
    }

    /// Judges the pictures of every stage as sets, and leaves the statistics of what they are compared with.
    private func judge(
        _ pictures: [Pictures], _ report: EvaluationReport, _ drawing: SampleDrawing, _ job: RunningJob
    ) throws -> [String: JSON] {
        let judge = try PictureJudge(settings.setMetrics, job, memory: activations(job)) {
            try job.reporter.step { try job.blob(drawing.record.write) }
        }
        guard let judge else { return [:] }
        if settings.setMetrics.contains(where: \.comparesStatistics), let statistics = judge.statistics {
            job.leave([("statistics.npz", try StatisticsFile.bytes(statistics))])
        }
        let reference = EvaluationReport.Reference(
            dataset: job.inputs.reference?.dataset, statistics: job.inputs.statistics?.id, count: job.inputs.reference?.count)
        return try report.json(pictures.map(judge.figures), reference, extractor: judge.described, resize: judge.resize)
    }

    /// What each sample is of, in words; nil where there are none.
    private func words(_ job: RunningJob) -> [String]? {
        guard job.inputs.pictures?.conditions != nil, let pictures = job.inputs.dataset?.pictures, let words = pictures.words else {
            return nil
        }
        let held = HeldOutLoss.held(of: pictures.count)
        return (0..<min(settings.samples, Self.mostPairs)).map { words[held.lowerBound + $0 % held.count] }
    }

    /// Samples side by side as PNG.
    private static func grid(_ pictures: Pictures) throws -> [UInt8] {
        let grid = SampleGrid(pictures)
        return try PNGEncoder.encode(Picture(width: grid.width, height: grid.height, channels: grid.channels, pixels: grid.bytes))
    }
}
