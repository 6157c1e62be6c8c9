import Documents
import Engine
import Storage

/// Chooses channels by their scores, or takes a plan's choice, and cuts the network down to them.
struct Cutting: Phase {
    static let name = JobPhase.pruning
    static let pointer = "/pruning"
    static let groups = MetricsSection(PlanPayload.groups)
    static let target = MetricsSection("target")
    static let depth = MetricsSection("left_out")
    static let prediction = MetricsSection("prediction")
    static let sections = [groups, target, depth, prediction]
    static let result: ResultManifest.Stage? = .pruned

    /// More than this between the share that was to go and the one that goes is told.
    static let shareTolerance = 0.05

    private let settings: JobRequest.Pruning

    init?(_ request: JobRequest) {
        guard let settings = request.pruning else { return nil }
        self.settings = settings
    }

    /// The model, and the result before and after it is laid out; weights of what is run to tell its time.
    func fixedBytes(_ shape: JobShape) -> Int { shape.bytesBefore + 2 * shape.bytesAfter + (settings.isTimed ? shape.bytesBefore : 0) }

    func batchPlan(_ shape: JobShape, memory: Int) -> BatchPlan? {
        guard settings.isTimed else { return nil }
        let samples = shape.request.usualEvaluation.samples
        return Sampling.plan(shape.before.graph, samples: samples, memory: memory, parallel: shape.parallel)
    }

    func run(_ job: RunningJob) throws {
        let cut = try cut(job)
        let plan = PlanPayload.kept(digest: job.inputs.source.weightsDigest, widths: settings.widths)
        try job.write(plan, MetricsSection(PlanPayload.section))
        if settings.reconstruction != nil { return job.leave(cut) }
        try job.store(cut.result.stored(as: job.formats()), as: .pruned)
    }

    private func cut(_ job: RunningJob) throws -> CutNetwork {
        let scored = job.takeScored()
        let original = try scored?.checkpoint ?? job.inputs.stages.original.load()
        try job.reporter.begin(Self.name, total: 1)
        let trained = original.trained
        let search = job.takeSearch()
        let goal = try goal(trained.model, search, job)
        let kept = try kept(of: trained, scored?.importance, goal, job)
        var result = try trained.pruned(kept: kept, widths: settings.widths, steps: job.inputs.objective.timesteps)
        if settings.plan == nil, settings.method == .scratch {
            result = TrainedModel(initializing: result.model, seed: settings.seed)
        }
        let modules = trained.model.modulesLeftOut(kept, trained.model.graph.channelGroups()).sorted()
        try job.write(.array(modules.map(JSON.string)), Self.depth)
        if let goal { try job.write(target(goal, result.model, of: trained.model, search), Self.target) }
        try job.reporter.step()
        try job.warn(warnings(trained.model, result.model, job), of: Self.name)
        let checkpoint = DiffusionCheckpoint(trained: result, schedule: original.schedule, formats: original.formats)
        return CutNetwork(result: checkpoint, original: trained, kept: kept)
    }

    /// Whether shares that follow what channels are worth let another share of the work go than a uniform cut does, whose figures a dry run
    /// tells.
    private func warnings(_ model: any Architecture, _ result: any Architecture, _ job: RunningJob) throws -> [Warning] {
        guard settings.plan == nil, settings.allocation != .uniform, case .ratio(let ratio) = settings.extent else { return [] }
        let groups = model.graph.channelGroups()
        let selection = selection(model, ratio)
        let kept = try selection.kept(groups, importance: groups.map { [Double](repeating: 0, count: $0.width) })
        let uniform = try model.pruned(kept: kept, widths: settings.widths, steps: job.inputs.objective.timesteps)
        func share(_ left: any Architecture) -> Double {
            Double(left.graph.multiplyAccumulates) / Double(max(1, model.graph.multiplyAccumulates))
        }
        let (found, wanted) = (share(result), share(uniform))
        guard abs(found - wanted) > Self.shareTolerance else { return [] }
        return [
            Warning(
                .ratioNotMet,
                "the cut leaves \(Percent.told(found)) of the multiply-accumulates, a uniform cut of the same ratio \(Percent.told(wanted)): so coarse "
                    + "are the steps in which blocks become narrower")
        ]
    }

    private func selection(_ model: any Architecture, _ ratio: Double) -> Selection {
        Selection(ratio: ratio, widths: settings.widths, blockRules: model.blockRules(settings.timeEmbedding))
    }

    /// What is to be met, where it is not a ratio that says how much goes.
    private func goal(_ model: any Architecture, _ search: SearchRecord?, _ job: RunningJob) throws -> CutGoal? {
        guard settings.plan == nil, let target = settings.extent.target else { return nil }
        let goal = try CutGoal(
            target, job.request, job.inputs.source, model, job.inputs.objective, memory: activations(job), job.parallel)
        guard settings.search != nil else { return goal }
        guard let best = search?.best else { preconditionFailure("a cut that is looked for is made before it was found") }
        return try goal.leaving(best.parts, of: model)
    }

    /// The contract's `target` in a job's metrics.
    private func target(_ goal: CutGoal, _ result: any Architecture, of model: any Architecture, _ search: SearchRecord?) throws -> JSON {
        guard case .target(let target) = settings.extent else { return .null }
        let increase = target.lossIncrease.map { most -> [JSON.Member] in
            [.init("loss_increase", ["limit": .double(most), "after": .optional(search?.increase)])]
        }
        return try goal.json(result, of: model).adding(increase ?? [])
    }

    /// The channels of each group that stay.
    private func kept(of trained: TrainedModel, _ importance: [[Double]]?, _ goal: CutGoal?, _ job: RunningJob) throws -> [[Int]] {
        if let plan = settings.plan?.plan {
            let kept = try plan.kept(for: trained.model)
            try job.write(.array(zip(trained.model.graph.channelGroups(), kept).map { $0.payload(kept: $1, scores: nil) }), Self.groups)
            return kept
        }
        let chosen = try chosen(of: trained, importance, goal, timesteps: job.inputs.objective.timesteps)
        try job.write(.array(chosen.map { $0.group.payload(kept: $0.kept, scores: $0.scores) }), Self.groups)
        try job.write(["importance_lost": .optional(chosen.importanceLost)], Self.prediction)
        return chosen.map(\.kept)
    }

    private func chosen(
        of trained: TrainedModel, _ importance: [[Double]]?, _ goal: CutGoal?, timesteps: Int?
    ) throws -> [GroupScores] {
        if let goal {
            return try trained.selectChannels(
                settings.method, importance: importance, seed: settings.seed, allocation: settings.allocation, depth: settings.depth
            ) { try goal.cut($0, settings, timesteps: timesteps) }
        }
        guard case .ratio(let ratio) = settings.extent else { return [] }
        return try trained.selectChannels(
            settings.method, importance: importance, seed: settings.seed, selection: selection(trained.model, ratio),
            allocation: settings.allocation)
    }
}
