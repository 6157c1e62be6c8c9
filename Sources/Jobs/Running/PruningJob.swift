import Documents
import Engine
import Foundation
import Logging
import Storage

/// One job from its request to its results.
struct PruningJob {
    let database: Database
    let job: Job
    let resources: JobResources
    let metrics: JobMetrics
    let isShuttingDown: @Sendable () -> Bool
    let logger: Logger

    private var jobs: JobQueue { database.jobs }
    private var parallel: Parallel { resources.parallel }

    /// Runs the job and writes how it ended.
    func run() {
        do {
            defer { metrics.rests(job.id) }
            try execute()
            end { try jobs.complete(job.id) }
        } catch JobInterruption.cancelled {
            end { try jobs.stopped(job.id) }
        } catch JobInterruption.released {
            end { try jobs.release(job.id) }
        } catch {
            let failure = Self.failure(error)
            if ["internal_error", "storage_failed"].contains(failure.code) { logger.error("job \(job.id): \(error)") }
            end { try jobs.fail(job.id, failure) }
        }
    }

    /// Writes how the job ended; while the disk does not take it, again every second until the process is to end: then recovery at
    /// the next start will find the job running.
    private func end(_ write: () throws -> Void) {
        while true {
            do { return try write() } catch {
                logger.critical("job \(job.id) could not be ended: \(error)")
                guard let error = error as? StorageError, error.isOfTheDisk, !isShuttingDown() else { return }
                Thread.sleep(forTimeInterval: 1)
            }
        }
    }

    private static func failure(_ error: any Error) -> JobFailure {
        switch error {
        case let error as StorageError:
            if case .damaged(let kind, _, _, _) = error {
                return JobFailure(code: "\(kind.rawValue)_damaged", detail: error.description)
            }
            return JobFailure(code: "storage_failed", detail: "the server could not store or read the job's data")
        case let error as PruningError:
            if case .lossNotFinite = error { return JobFailure(code: "loss_not_finite", detail: error.description) }
            return JobFailure(code: "pruning_impossible", detail: error.description)
        case let error as TrainingError: return JobFailure(code: "loss_not_finite", detail: error.description)
        case let error as CheckpointError: return JobFailure(code: "invalid_checkpoint", detail: error.description)
        case let error as GraphError: return JobFailure(code: "pruning_impossible", detail: error.description)
        case let error as WidthsError: return JobFailure(code: "pruning_impossible", detail: error.description)
        case let error as ArchitectureError: return JobFailure(code: "pruning_impossible", detail: error.description)
        case let error as ConfigurationError: return JobFailure(code: "pruning_impossible", detail: "\(error)")
        case let error as MatrixError: return JobFailure(code: "refit_failed", detail: "the time embedding could not be refitted: \(error)")
        default: return JobFailure(code: "internal_error", detail: "the job failed for a reason that is in the server's log")
        }
    }

    private func execute() throws {
        MemoryGauge.reset()
        let (request, errors) = JobRequest.read(try JSON(parsing: Array(job.request.utf8)), webhook: nil)
        // What it is called was taken when it was queued, perhaps by a version that took more.
        let wrong = errors.filter { $0.pointer != "/name" && !$0.pointer.hasPrefix("/metadata") }
        guard wrong.isEmpty else { throw JobsError.invalidFields(wrong) }
        let reporter = JobProgressReporter(
            jobs: jobs, id: job.id, interval: resources.saving, metrics: metrics, isShuttingDown: isShuttingDown, logger: logger)
        try reporter.begin(.loading, total: 1)
        let source = try StoredCheckpoint(database, job.checkpoint)
        var stages = try JobStages(source, of: job, in: database)
        let dataset = try job.dataset.map { try StoredPictures(database, $0) }
        let pictures = dataset?.set(for: stages.original.model)
        let inputs = try dataset.map { ($0.count, try $0.digest(reporter.check)) }
        func manifest(_ stage: ResultManifest.Stage) -> ResultManifest {
            ResultManifest(stage: stage, request: request, source: source, dataset: inputs, threads: parallel.threads)
        }
        let type = request.dtype?.scalar ?? source.type
        /// The memory of the phases that work on the latest stage.
        func memory() -> JobMemory {
            JobMemory(
                request, before: stages.original.model, after: stages.latest.model, pictures: pictures?.count ?? 0,
                limit: resources.memory, parallel: parallel)
        }

        reporter.planned = Self.plan(request, stages.original, pictures)

        if let pruning = request.pruning, stages.pruned == nil {
            let pruned = try prune(source.load(), pruning, pictures, memory(), reporter).stored(as: type)
            try jobs.setMetrics(
                job.id, section: PlanPayload.section,
                value: PlanPayload.kept(digest: source.weightsDigest, widths: pruning.widths).compact)
            stages.pruned = try JobStages.Stage(source.store(pruned, job: job, manifest: manifest(.pruned)))
        }
        reporter.skip(.scoring)
        try writeSizes(stages)
        if let settings = request.finetuning, let pictures, stages.finetuned == nil {
            let tuned = try finetune(stages.latest.checkpoint.load(), settings, pictures, memory(), reporter).stored(as: type)
            stages.finetuned = try JobStages.Stage(source.store(tuned, job: job, manifest: manifest(.finetuned)))
        }
        reporter.skip(.finetuning)
        try writeSizes(stages)
        if let evaluation = request.evaluation {
            let grids = try JobEvaluation(
                settings: evaluation, memory: memory().evaluating?.activations ?? 0, parallel: parallel, stages: stages,
                pictures: pictures
            )
            .run(reporter) { try write($0, .evaluation) }
            try reporter.begin(.exporting, total: grids.count)
            for (name, bytes) in grids {
                let writer = try database.blobs.writer()
                try writer.write(bytes)
                try jobs.addFile(job.id, name: name, blob: try writer.finish())
                try reporter.step()
            }
        }
        try reporter.finish()
        try write(MemoryGauge.peak.map(JSON.integer) ?? .null, .peakMemory)
    }

    /// Multiply-accumulates that each phase will take: backward costs twice the forward.
    private static func plan(_ request: JobRequest, _ original: JobStages.Stage, _ pictures: PictureSet?) -> [JobPhase: Double] {
        let before = Double(original.model.graph.multiplyAccumulates)
        let kept = 1 - (request.pruning?.ratio ?? 0)
        let after = before * kept
        var plan: [JobPhase: Double] = [:]
        if let pruning = request.pruning, pruning.needsGradients {
            let last = pruning.last ?? original.schedule.count - 1
            plan[.scoring] = 3 * before * Double(((last - pruning.first) / pruning.stride + 1) * pruning.batchSize)
        }
        if let settings = request.finetuning { plan[.finetuning] = 3 * after * Double(settings.steps * settings.batchSize) }
        if let evaluation = request.evaluation {
            let results = (request.pruning == nil ? 0.0 : 1) + (request.finetuning == nil ? 0 : 1)
            let held = Double(min(HeldOutLoss.largestCount, pictures?.count ?? 0))
            plan[.evaluating] = (before + results * after) * (Double(evaluation.samples * evaluation.steps) + held)
        }
        return plan
    }

    private func prune(
        _ original: DiffusionCheckpoint, _ pruning: JobRequest.Pruning, _ pictures: PictureSet?, _ memory: JobMemory,
        _ reporter: JobProgressReporter
    ) throws -> DiffusionCheckpoint {
        let trained = original.trained
        let gradients = try pruning.needsGradients ? pictures.map { try score(original, pruning, $0, memory, reporter) } : nil
        try reporter.begin(.pruning, total: 1)
        let groups = trained.model.graph.channelGroups()
        let kept: [[Int]]
        if let plan = pruning.plan?.plan {
            kept = try plan.kept(for: groups)
            try write(.array(zip(groups, kept).map { $0.payload(kept: $1, scores: nil) }), .groups)
        } else {
            let selection = Selection(ratio: pruning.ratio, widths: pruning.widths, blockDivisor: trained.model.blockDivisor)
            let chosen = try trained.selectChannels(pruning.method, gradients: gradients, seed: pruning.seed, selection: selection)
            kept = chosen.map(\.kept)
            try write(.array(chosen.map { $0.group.payload(kept: $0.kept, scores: $0.scores) }), .groups)
        }
        var result = try trained.pruned(kept: kept, widths: pruning.widths, steps: original.schedule.count)
        if pruning.plan == nil, pruning.method == .scratch { result = TrainedModel(initializing: result.model, seed: pruning.seed) }
        try reporter.step()
        return DiffusionCheckpoint(trained: result, schedule: original.schedule, type: original.type)
    }

    /// Σ_t dL_t/dθ over the timesteps that count.
    private func score(
        _ original: DiffusionCheckpoint, _ pruning: JobRequest.Pruning, _ pictures: PictureSet, _ memory: JobMemory,
        _ reporter: JobProgressReporter
    ) throws -> Weights {
        let trained = original.trained
        let last = min(pruning.last ?? original.schedule.count - 1, original.schedule.count - 1)
        let timesteps = Array(stride(from: pruning.first, through: last, by: pruning.stride))
        let scoring = Scoring(method: pruning.method, threshold: pruning.threshold, points: timesteps, seed: pruning.seed)
        let state = try saved(.scoring) { try scoring.state(at: $0, of: trained) }
        var summary = ScoringSummary(pruning, from: state)
        try write(summary.json, .scoring)
        try jobs.cutSeries(
            MetricsPayload.Series.scoring.rawValue, of: job.id,
            after: state.flatMap { $0.completed > 0 ? timesteps[$0.completed - 1] : nil })
        try reporter.begin(.scoring, total: timesteps.count, completed: state?.completed ?? 0)
        let gradients = try scoring.run(
            trained, on: NoisePrediction(pictures, alphasCumprod: original.schedule.alphasCumprod), samples: pruning.batchSize,
            memory: memory.scoring?.activations ?? 0, parallel: parallel, from: state
        ) { loss, state in
            summary.add(loss)
            try reporter.step(series: MetricsPayload.Series.scoring.rawValue, x: loss.point, point: ScoringSummary.point(loss)) {
                try store(state.write)
            }
        }
        try reporter.flush()
        try write(summary.json, .scoring)
        return gradients
    }

    private func finetune(
        _ checkpoint: DiffusionCheckpoint, _ settings: FineTuner.Settings, _ pictures: PictureSet, _ memory: JobMemory,
        _ reporter: JobProgressReporter
    ) throws -> DiffusionCheckpoint {
        let tuner = FineTuner(settings)
        let state = try saved(.finetuning) { try tuner.state(at: $0, of: checkpoint.trained) }
        try write(["steps": .integer(settings.steps)], .finetuning)
        try jobs.cutSeries(MetricsPayload.Series.finetuning.rawValue, of: job.id, after: state?.step)
        try reporter.begin(.finetuning, total: settings.steps, completed: state?.step ?? 0)
        let (weights, _) = try tuner.run(
            training: checkpoint.trained, on: NoisePrediction(pictures, alphasCumprod: checkpoint.schedule.alphasCumprod),
            memory: memory.finetuning?.activations ?? 0, parallel: parallel, from: state
        ) { step, state in
            let point: JSON = [
                "step": .integer(step.step), "loss": .double(step.loss), "gradient_norm": .double(step.gradientNorm),
                "learning_rate": .double(step.learningRate),
            ]
            try reporter.step(series: MetricsPayload.Series.finetuning.rawValue, x: step.step, point: point) { try store(state.write) }
        }
        try reporter.flush()
        let trained = TrainedModel(model: checkpoint.trained.model, weights: weights)
        return DiffusionCheckpoint(trained: trained, schedule: checkpoint.schedule, type: checkpoint.type)
    }

    /// Where an earlier attempt stood in a phase; nil where there was none, or it cannot be read: then the phase begins again.
    private func saved<State>(_ phase: JobPhase, _ read: (String) throws -> State) throws -> State? {
        guard let save = try jobs.saved(job.id), save.phase == phase else { return nil }
        do {
            close(try database.blobs.open(save.digest, of: .job, job.id, file: "what was saved"))
            let state = try read(database.blobs.url(for: save.digest).path)
            logger.info("\(job.id) goes on at \(phase.rawValue) \(save.completed)")
            return state
        } catch {
            logger.error("\(job.id) begins \(phase.rawValue) again: what was saved cannot be read: \(error)")
            return nil
        }
    }

    /// What `write` writes, as a blob.
    private func store(_ write: (@escaping (UnsafeRawBufferPointer) throws -> Void) throws -> Void) throws -> StoredBlob {
        let writer = try database.blobs.writer()
        try write { try writer.write($0) }
        return try writer.finish()
    }

    /// Parameters, multiply-accumulates and bytes before and after, as far as the job has come.
    private func writeSizes(_ stages: JobStages) throws {
        let (before, after) = (stages.original.model.graph, stages.latest.model.graph)
        try write(["before": .integer(before.parameterCount), "after": .integer(after.parameterCount)], .parameters)
        try write(["before": .integer(before.multiplyAccumulates), "after": .integer(after.multiplyAccumulates)], .macs)
        try write(["before": .integer(stages.original.checkpoint.size), "after": .integer(stages.latest.checkpoint.size)], .size)
        try write(
            ["before": .integer(before.sampleBytes(parallel)), "after": .integer(after.sampleBytes(parallel))], .activationMemory)
    }

    private func write(_ value: JSON, _ section: MetricsPayload.Section) throws {
        try jobs.setMetrics(job.id, section: section.rawValue, value: value.compact)
    }
}
