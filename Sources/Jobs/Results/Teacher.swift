import Documents
import Engine
import Storage

/// What fine-tuning imitates: the job's own checkpoint where the job prunes it, else the original from which earlier jobs made that checkpoint.
struct Teacher {
    let checkpoint: StoredCheckpoint
    /// The jobs that cut channels on the way to what imitates it, in their order.
    private let cuts: [Job]
    /// Whether it is the checkpoint that the job is about.
    private let isSource: Bool

    /// - Parameter job: the one that asks, where it is more than a request by now.
    /// - Returns: nil where nothing is to be imitated.
    /// - Throws: ``TeacherError``, ``StorageError``.
    init?(_ request: JobRequest, of source: StoredCheckpoint, for job: Job? = nil) throws {
        guard request.finetuning?.distillation != nil else { return nil }
        isSource = request.pruning != nil
        if isSource {
            (checkpoint, cuts) = (source, job.map { [$0] } ?? [])
        } else {
            (checkpoint, cuts) = try Self.original(of: source)
        }
    }

    /// Goes back from checkpoint to the job that made it to the checkpoint which that was about.
    private static func original(of source: StoredCheckpoint) throws -> (StoredCheckpoint, [Job]) {
        var (found, cuts) = (source, [Job]())
        while let maker = found.descriptor.maker {
            do {
                let job = try source.database.jobs.get(maker)
                if job.resultPruned != nil, try isAbout(source.place.component, job) { cuts.insert(job, at: 0) }
                found = try StoredCheckpoint(source.database, job.checkpoint, component: source.place.component)
            } catch StorageError.notFound(_, let missing) {
                throw TeacherError.lost(checkpoint: source.record.id, missing: missing)
            }
        }
        guard found.record.id != source.record.id else { throw TeacherError.original(checkpoint: source.record.id) }
        return (found, cuts)
    }

    /// Whether a job was about the network that is meant here. Those of earlier versions do not say, and were about a pipeline's own.
    private static func isAbout(_ component: Component, _ job: Job) throws -> Bool {
        let request = JobRequest.read(try JSON(parsing: Array(job.request.utf8)), isQueued: true, webhook: nil).request
        return (request.component ?? .unet).isAutoencoder == component.isAutoencoder
    }

    /// Bytes of memory that ``model(_:)`` and ``kept(_:)`` take at most, beyond those of the job's checkpoint: those on the way are no larger.
    var layoutCost: Int { isSource ? 0 : (cuts.count > 1 ? 2 : 1) * checkpoint.layoutCost }

    /// The network.
    ///
    /// - Parameter source: that of the job's checkpoint.
    func model(_ source: any Architecture) throws -> any Architecture { isSource ? source : try checkpoint.architecture().model }

    /// The channels that are left of each block's output in the network that imitates it, by node; empty where nothing was cut.
    ///
    /// - Parameter model: its network.
    /// - Throws: ``TeacherError/lost(checkpoint:missing:)`` where a cut is not known any more; ``StorageError``.
    func kept(_ model: any Architecture) throws -> [String: [Int]] {
        var left: [String: [Int]] = [:]
        for (index, job) in cuts.enumerated() {
            do {
                let cut =
                    try index == 0
                    ? model
                    : StoredCheckpoint(
                        checkpoint.database, job.checkpoint, component: checkpoint.place.component
                    ).architecture().model
                let plan = try PlanPayload.done(by: job, in: checkpoint.database.jobs).plan
                let kept = try cut.graph.keptOutputs(plan.kept(for: cut))
                for (block, name) in zip(model.blockOutputs, cut.blockOutputs) {
                    // Channels are counted in the network that was cut, which has those that were left before.
                    let (now, before) = (kept[name] ?? [], left[block])
                    left[block] = before.map { before in now.map { before[$0] } } ?? now
                }
            } catch StorageError.notFound(_, let missing) {
                throw TeacherError.lost(checkpoint: checkpoint.record.id, missing: missing)
            } catch is JobsError, is PruningPlanError {
                throw TeacherError.lost(checkpoint: checkpoint.record.id, missing: "the cut of \(job.id)")
            }
        }
        return left
    }
}
