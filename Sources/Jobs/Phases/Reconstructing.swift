import Documents
import Engine
import Storage

/// Refits what the cut left, layer by layer, to what the original gives on calibration pictures.
struct Reconstructing: Phase {
    static let name = JobPhase.reconstructing
    static let pointer = "/pruning/reconstruction"
    static let section = MetricsSection("reconstruction")
    static let sections = [section]
    static let result: ResultManifest.Stage? = .pruned

    private let settings: Refit

    init?(_ request: JobRequest) {
        guard let settings = request.pruning?.reconstruction?.refit else { return nil }
        self.settings = settings
    }

    // MARK: What it will take

    /// All calibration pictures go through both networks at once, what is left of a layer twice, and every layer's normal equations are
    /// gathered and solved.
    func steps(_ shape: JobShape) -> [PhaseSteps] {
        Self.steps(settings, shape)
    }

    /// - Parameter times: how often it is done.
    static func steps(_ refit: Refit, _ shape: JobShape, times: Int = 1) -> [PhaseSteps] {
        guard shape.isCut else { return [] }
        let equations = Double(refit.multiplyAccumulates(shape.after.graph)) / Double(refit.samples)
        return [
            PhaseSteps(.original, isTraining: false, count: times, samples: refit.samples),
            PhaseSteps(.result, isTraining: false, count: 2 * times, samples: refit.samples, beside: equations / 2),
        ]
    }

    /// Both networks' weights and all that goes through them; pictures and noise.
    func fixedBytes(_ shape: JobShape) -> Int {
        shape.pictureBytes + shape.bytesBefore + 2 * shape.bytesAfter + settings.samples * (3 * shape.sampleBytes + shape.toldBytes)
            + settings.bytes(shape.after.graph, like: shape.before.graph, parallel: shape.parallel)
    }

    var leastMemory: String { "for its \(settings.samples) samples, which are needed at once (fewer take less)" }

    // MARK: At work

    func rehearse(on pictures: PictureSet, _ objective: JobObjective) throws {
        guard let shown = objective.on(pictures) else { return }
        try settings.rehearse(on: shown)
    }

    func run(_ job: RunningJob) throws {
        guard let cut = job.takeCut(), let shown = job.inputs.objective.on(job.inputs.pictures) else { return }
        let trained = cut.result.trained
        let (layers, added) = trained.model.isCut(of: cut.original.model) ? try refit(cut, on: shown, job) : ([], 0)
        try job.write(json(layers, added), Self.section)
        try job.store(cut.result.stored(as: job.formats()), as: .pruned)
    }

    private func refit(
        _ cut: CutNetwork, on shown: some Objective, _ job: RunningJob
    ) throws -> (layers: [Refit.Layer], added: Double) {
        let trained = cut.result.trained
        var layers: [Refit.Layer] = []
        try job.reporter.begin(Self.name, total: settings.steps(trained.model.graph))
        let added = try settings.run(
            trained, like: cut.original, kept: cut.kept, on: shown, parallel: job.parallel
        ) { layer in
            layer.map { layers.append($0) }
            try job.reporter.step()
        }
        return (layers, added)
    }

    /// The contract's `reconstruction` object.
    private func json(_ layers: [Refit.Layer], _ added: Double) -> JSON {
        [
            "samples": .integer(settings.samples), "ridge": .double(settings.ridge), "loss_added": .double(added),
            "layers": .array(
                layers.map { layer in
                    [
                        "name": .string(layer.name),
                        "error": ["before": .double(layer.before), "after": .double(layer.after)],
                    ]
                }),
        ]
    }
}
