import Engine
import Storage

/// A part of a job, as a value: what a request asks of it, what it will take, and how it is done.
///
/// Whoever tells of phases walks over ``Phases`` and asks each; nobody else knows one by its name. A phase reads what it works on from the
/// store, computes in Engine, writes what it finds to the store, and knows neither who asked for it nor who watches.
package protocol Phase: Sendable {
    /// What it is called wherever a phase is told of.
    static var name: JobPhase { get }

    /// Where a request asks for it, as a JSON pointer: there it is told of when it needs more memory than there is.
    static var pointer: String { get }

    /// Whether it computes, so that a dry run tells its memory and the metrics its time.
    static var computes: Bool { get }

    /// What it writes into the metrics, in the order in which they are told.
    static var sections: [MetricsSection] { get }

    /// Which of a job's results it leaves; nil where it makes none.
    static var result: ResultManifest.Stage? { get }

    /// Takes its settings; nil where the request does not ask for it.
    init?(_ request: JobRequest)

    // MARK: What it will take

    /// The steps it takes, by which progress is shown and time foretold; none where they take no time to speak of.
    func steps(_ shape: JobShape) -> [PhaseSteps]

    /// The batch at which a step is best measured to foretell its time.
    var batch: Int { get }

    /// Bytes that it holds whatever the batch: weights, gradients, pictures.
    func fixedBytes(_ shape: JobShape) -> Int

    /// How its batch goes through in so many bytes for activations; nil where none does.
    func batchPlan(_ shape: JobShape, memory: Int) -> BatchPlan?

    /// What it cannot do with less memory than that of ``fixedBytes(_:)`` and ``batchPlan(_:memory:)``, after "needs so many MiB of memory".
    var leastMemory: String { get }

    // MARK: At work

    /// Whether there is anything to do for these networks.
    func isNeeded(_ shape: JobShape) -> Bool

    /// Draws the pictures that it will draw, in vain: so is found which of them are to be encoded before.
    func rehearse(on pictures: PictureSet, _ objective: JobObjective) throws

    /// Whether an earlier attempt has done it, so that it is left out.
    func isDone(in job: RunningJob) -> Bool

    /// Does it, or goes on with it where an earlier attempt saved its place.
    ///
    /// - Throws: ``JobInterruption`` between two steps; what the layers below throw.
    func run(_ job: RunningJob) throws
}

/// What most phases say.
extension Phase {
    package static var computes: Bool { true }
    package static var sections: [MetricsSection] { [] }
    package static var result: ResultManifest.Stage? { nil }

    package func steps(_ shape: JobShape) -> [PhaseSteps] { [] }
    package var batch: Int { 1 }
    package func fixedBytes(_ shape: JobShape) -> Int { 0 }
    package func batchPlan(_ shape: JobShape, memory: Int) -> BatchPlan? { nil }
    package var leastMemory: String { "even with one picture at a time" }
    package func isNeeded(_ shape: JobShape) -> Bool { true }
    package func rehearse(on pictures: PictureSet, _ objective: JobObjective) throws {}

    /// Whether the result that it leaves is there.
    package func isDone(in job: RunningJob) -> Bool { Self.result.map { job.inputs.stages[$0] != nil } ?? false }
}

extension Phase {
    /// Bytes for activations while a job is at it.
    package func activations(_ job: RunningJob) -> Int { PhaseMemory(self, job.shape, limit: job.resources.memory).activations }
}
