import Documents
import Engine
import Foundation
import Storage

/// Looks for the furthest cut that the held-out loss allows: cuts, refits and judges one after the other, until nothing is left to look at.
struct Searching: Phase {
    static let name = JobPhase.searching
    /// What it holds most of is reconstruction's.
    static let pointer = Reconstructing.pointer
    static let section = MetricsSection("search")
    static let sections = [section]

    private let settings: JobRequest.Pruning
    private let rule: LossSearch.Rule
    private let seed: Int

    init?(_ request: JobRequest) {
        guard let settings = request.pruning, let rule = settings.search else { return nil }
        (self.settings, self.rule, seed) = (settings, rule, request.usualEvaluation.heldOutSeed)
    }

    private var refit: Refit? { settings.reconstruction?.refit }

    // MARK: What it will take

    func steps(_ shape: JobShape) -> [PhaseSteps] {
        let (trials, held) = (LossSearch.trials(rule), shape.heldOut)
        let judging = [(PhaseSteps.Network.original, 1), (.result, trials)].map { network, count in
            PhaseSteps(network, isTraining: false, count: count, samples: held, largest: Sampling.largestBatch)
        }
        return judging + (refit.map { Reconstructing.steps($0, shape, times: trials) } ?? [])
    }

    /// The original and a cut of it, and what refitting that takes, or running it to tell its time; each may be as large as the original.
    func fixedBytes(_ shape: JobShape) -> Int {
        let samples = max(HeldOutLoss.largestCount, refit?.samples ?? 0)
        return shape.pictureBytes + (settings.isTimed ? 3 : 2) * shape.bytesBefore + samples * (3 * shape.sampleBytes + shape.toldBytes)
            + refitBytes(shape)
    }

    private func refitBytes(_ shape: JobShape) -> Int {
        refit?.bytes(shape.before.graph, like: shape.before.graph, parallel: shape.parallel) ?? 0
    }

    func batchPlan(_ shape: JobShape, memory: Int) -> BatchPlan? {
        Sampling.plan(
            shape.before.graph, samples: min(HeldOutLoss.largestCount, max(1, shape.pictures)), memory: memory + refitBytes(shape),
            parallel: shape.parallel)
    }

    // MARK: At work

    func rehearse(on pictures: PictureSet, _ objective: JobObjective) throws {
        guard let shown = objective.on(pictures) else { return }
        try refit?.rehearse(on: shown)
        _ = try HeldOutLoss(shown, seed: seed)
    }

    /// What was found serves nothing but the cut.
    func isDone(in job: RunningJob) -> Bool { job.inputs.stages.pruned != nil }

    func run(_ job: RunningJob) throws {
        guard let shown = job.inputs.objective.on(job.inputs.pictures) else { return }
        if let record = try known(job) { return job.leave(record) }
        let scored = job.takeScored()
        let original = try scored?.checkpoint ?? job.inputs.stages.original.load()
        let record = try search(original, scored?.importance, on: shown, job)
        try job.keep(Self.name, stored(record, job))
        job.leave(record)
        // Whoever cuts need not read it again.
        job.leave(ScoredNetwork(checkpoint: original, importance: scored?.importance))
    }

    /// What an earlier attempt found; nil where there was none, or another version kept it otherwise.
    private func known(_ job: RunningJob) throws -> SearchRecord? { try job.kept(Self.name).flatMap { try? read($0) } }

    private func read(_ path: String) throws -> SearchRecord {
        try SearchRecord([UInt8](Data(contentsOf: URL(fileURLWithPath: path))), rule)
    }

    private func stored(_ record: SearchRecord, _ job: RunningJob) throws -> StoredBlob {
        try job.blob(record.json)
    }

    private func search(
        _ original: DiffusionCheckpoint, _ importance: [[Double]]?, on shown: some Objective, _ job: RunningJob
    ) throws -> SearchRecord {
        let trained = original.trained
        let goal = try CutGoal(
            settings.extent.target ?? CutTarget([:]), job.request, job.inputs.source, trained.model, job.inputs.objective,
            memory: activations(job) + refitBytes(job.shape), job.parallel)
        let held = try HeldOutLoss(shown, seed: seed)
        let saved = try job.saved(Self.name, read)
        try job.reporter.begin(Self.name, total: LossSearch.trials(rule) + 1, completed: saved.map { $0.trials.count + 1 } ?? 0)
        func judged(_ network: TrainedModel) -> Double {
            held.evaluate(network, memory: activations(job) + refitBytes(job.shape), parallel: job.parallel)
        }
        var record: SearchRecord
        if let saved {
            record = saved
        } else {
            let loss = judged(trained)
            guard loss.isFinite else { throw PruningError.lossNotFinite(at: "the held-out pictures") }
            let work = try goal.multiplyAccumulates(of: trained.model)
            record = SearchRecord(LossSearch(rule, loss: loss, multiplyAccumulates: work), trials: [])
            try job.reporter.step()
        }
        while let parts = record.search.next(after: record.trials) {
            let network = try cut(trained, importance, goal.leaving(parts, of: trained.model), on: shown, job)
            let isCut = network.map { $0.model.isCut(of: trained.model) }
            record.trials.append(
                .init(
                    parts: parts, multiplyAccumulates: try network.map { try goal.multiplyAccumulates(of: $0.model) },
                    loss: isCut == false ? record.search.loss : network.map(judged),
                    predicted: record.search.predicted(parts, after: record.trials)))
            try job.write(record.metrics, Self.section)
            let state = record
            try job.reporter.step { try stored(state, job) }
        }
        guard let best = record.best else {
            guard case .increase(let most) = rule else { throw PruningError.lossNotFinite(at: "the held-out pictures") }
            throw PruningError.lossRises(most: most, nearest: record.trials.first.flatMap(record.search.increase))
        }
        try job.warn(best.multiplyAccumulates == record.search.multiplyAccumulates ? [nothing(record)] : [], of: Self.name)
        return record
    }

    /// A cut, refitted; nil where there is none that meets the goal, or it cannot be refitted.
    private func cut(
        _ trained: TrainedModel, _ importance: [[Double]]?, _ goal: CutGoal, on shown: some Objective, _ job: RunningJob
    ) throws -> TrainedModel? {
        let objective = job.inputs.objective
        let kept: [[Int]]
        do {
            kept = try trained.selectChannels(
                settings.method, importance: importance, seed: settings.seed, allocation: settings.allocation, depth: settings.depth
            ) { try goal.cut($0, settings, timesteps: objective.timesteps) }.map(\.kept)
        } catch is CutTargetError {
            return nil
        } catch PruningError.noBlockWidths {
            return nil
        }
        let result = try trained.pruned(kept: kept, widths: settings.widths, steps: objective.timesteps)
        guard let refit, result.model.isCut(of: trained.model) else { return result }
        do {
            try refit.run(result, like: trained, kept: kept, on: shown, parallel: job.parallel) { _ in
                try job.reporter.check()
            }
        } catch is MatrixError {
            return nil
        }
        return result
    }

    private func nothing(_ record: SearchRecord) -> Warning {
        let least = record.trials.filter { $0.multiplyAccumulates.map { $0 < record.search.multiplyAccumulates } ?? false }
            .max { $0.parts < $1.parts }
        let rises = least.flatMap(record.search.increase).map {
            ", as the least that was tried raises the held-out loss by \(Percent.told($0))"
        }
        return Warning(.ratioNotMet, "nothing was cut\(rises ?? ", as no cut of this network was found")")
    }
}
