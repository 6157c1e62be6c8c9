import Documents
import Engine
import Storage

/// Chooses channels by their scores, or takes a plan's choice, and cuts the network down to them.
struct Cutting: Phase {
    static let name = JobPhase.pruning
    static let pointer = "/pruning"
    static let groups = MetricsSection(PlanPayload.groups)
    static let target = MetricsSection("target")
    static let sections = [groups, target]
    static let result: ResultManifest.Stage? = .pruned

    /// More than this between the share that was to go and the one that goes is told.
    static let shareTolerance = 0.05

    private let settings: JobRequest.Pruning

    init?(_ request: JobRequest) {
        guard let settings = request.pruning else { return nil }
        self.settings = settings
    }

    /// The model, and the result before and after it is laid out.
    func fixedBytes(_ shape: JobShape) -> Int { shape.bytesBefore + 2 * shape.bytesAfter }

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
        let goal = try goal(trained.model, job)
        let kept = try kept(of: trained, scored?.importance, goal, job)
        var result = try trained.pruned(kept: kept, widths: settings.widths, steps: original.schedule.timesteps)
        if settings.plan == nil, settings.method == .scratch {
            result = TrainedModel(initializing: result.model, seed: settings.seed)
        }
        if let goal { try job.write(goal.json(result.model), Self.target) }
        try job.reporter.step()
        try job.warn(warnings(original, result.model), of: Self.name)
        let checkpoint = DiffusionCheckpoint(trained: result, schedule: original.schedule, formats: original.formats)
        return CutNetwork(result: checkpoint, original: trained, kept: kept)
    }

    /// Whether shares that follow what channels are worth let another share of the work go than a uniform cut does, whose figures a dry run
    /// tells.
    private func warnings(_ original: DiffusionCheckpoint, _ result: any Architecture) throws -> [Warning] {
        guard settings.plan == nil, settings.allocation != .uniform, case .ratio(let ratio) = settings.extent else { return [] }
        let model = original.trained.model
        let groups = model.graph.channelGroups()
        let selection = selection(model, ratio)
        let kept = try selection.kept(groups, importance: groups.map { [Double](repeating: 0, count: $0.width) })
        let uniform = try model.pruned(kept: kept, widths: settings.widths, steps: original.schedule.timesteps)
        func share(_ left: any Architecture) -> Double {
            Double(left.graph.multiplyAccumulates) / Double(max(1, model.graph.multiplyAccumulates))
        }
        let (found, wanted) = (share(result), share(uniform))
        guard abs(found - wanted) > Self.shareTolerance else { return [] }
        return [
            Warning(
                .ratioNotMet,
                "the cut leaves \(percent(found)) of the multiply-accumulates, a uniform cut of the same ratio \(percent(wanted)): so coarse "
                    + "are the steps in which blocks become narrower")
        ]
    }

    private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }

    private func selection(_ model: any Architecture, _ ratio: Double) -> Selection {
        Selection(ratio: ratio, widths: settings.widths, blockRules: model.blockRules(settings.timeEmbedding))
    }

    /// What is to be met, where it is not a ratio that says how much goes.
    private func goal(_ model: any Architecture, _ job: RunningJob) throws -> CutGoal? {
        guard settings.plan == nil, case .target(let target) = settings.extent else { return nil }
        return try CutGoal(target, job.request, job.inputs.source, model, job.parallel)
    }

    /// The channels of each group that stay.
    private func kept(of trained: TrainedModel, _ importance: [[Double]]?, _ goal: CutGoal?, _ job: RunningJob) throws -> [[Int]] {
        let groups = trained.model.graph.channelGroups()
        if let plan = settings.plan?.plan {
            let kept = try plan.kept(for: groups)
            try job.write(.array(zip(groups, kept).map { $0.payload(kept: $1, scores: nil) }), Self.groups)
            return kept
        }
        let chosen = try chosen(of: trained, importance, goal, job.inputs.stages.original.schedule)
        try job.write(.array(chosen.map { $0.group.payload(kept: $0.kept, scores: $0.scores) }), Self.groups)
        return chosen.map(\.kept)
    }

    private func chosen(
        of trained: TrainedModel, _ importance: [[Double]]?, _ goal: CutGoal?, _ schedule: NoiseSchedule
    ) throws -> [GroupScores] {
        if let goal {
            return try trained.selectChannels(
                settings.method, importance: importance, seed: settings.seed,
                meeting: goal.cut(trained.model, settings, timesteps: schedule.timesteps), allocation: settings.allocation)
        }
        guard case .ratio(let ratio) = settings.extent else { return [] }
        return try trained.selectChannels(
            settings.method, importance: importance, seed: settings.seed, selection: selection(trained.model, ratio),
            allocation: settings.allocation)
    }
}
