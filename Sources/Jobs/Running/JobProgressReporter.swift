import Documents
import Foundation
import Logging
import Storage

/// Writes a running job's progress and series to the store about twice a second and its state now and then, and ends the job
/// between steps when it is to stop.
///
/// The remaining time is reckoned from multiply-accumulates: those still to do at the speed of those done. So is the share of the whole job.
package final class JobProgressReporter {
    private let jobs: JobQueue
    private let id: String
    private let isShuttingDown: () -> Bool
    private let logger: Logger
    private let interval = 0.5
    private let saving: JobResources.SaveInterval
    private let metrics: JobMetrics
    private let timed: [JobPhase]

    private var phase = JobPhase.loading
    private var hasBegun = false
    private var total = 1
    private var completed = 0
    /// How many of the phase's steps there will be, where it is expected to end before all of them.
    var expected: Int?
    private var points: [String: [(x: Int, point: String)]] = [:]
    private var lastWrite = 0.0
    private var lastSave = JobProgressReporter.now()
    private var unsavedSteps = 0

    /// What is planned of phases that have not ended, in multiply-accumulates.
    private var planned: [JobPhase: Double] = [:]
    /// What was planned of all of them, but for what phases left out that ended early.
    private var allWork = 0.0
    /// The share of the whole job that was told last: plans change, what was told does not fall.
    private var overall: Double
    private var doneWork = 0.0
    private var workSeconds = 0.0
    private var phaseStart = JobProgressReporter.now()
    /// Steps that earlier attempts did of this phase, as a share of all.
    private var skipped = 0.0
    /// How much of this phase's work, in multiply-accumulates, the metrics know of, and since when.
    private var measured = (work: 0.0, time: JobProgressReporter.now())
    /// Wall seconds by phase, of earlier attempts too.
    private var timing: [JobPhase: Double] = [:]

    /// - Parameters:
    ///   - overall: the share of the whole job that earlier attempts did.
    ///   - timed: the phases whose seconds are told.
    ///   - interval: how often the job's state is saved.
    ///   - isShuttingDown: asked between steps.
    init(
        jobs: JobQueue, id: String, overall: Double, timed: [JobPhase], interval: JobResources.SaveInterval, metrics: JobMetrics,
        isShuttingDown: @escaping () -> Bool, logger: Logger
    ) {
        self.jobs = jobs
        self.id = id
        self.overall = overall
        self.timed = timed
        saving = interval
        self.metrics = metrics
        self.isShuttingDown = isShuttingDown
        self.logger = logger
        let earlier = (try? jobs.metrics(of: id, sections: [MetricsSection.timing.name])[MetricsSection.timing.name]).flatMap {
            try? JSON(parsing: Array($0.utf8))
        }
        for phase in JobPhase.allCases { timing[phase] = earlier?[phase.rawValue]?.double }
    }

    /// Seconds by a clock that never goes back.
    package static func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

    /// Takes what all phases will take, in multiply-accumulates.
    func plan(_ work: [JobPhase: Double]) {
        planned = work
        allWork = work.values.reduce(0, +)
    }

    /// Takes what the phases to come will take, where that is known better now.
    func replan(_ work: [JobPhase: Double]) {
        for (coming, new) in work where coming != phase {
            guard let old = planned[coming] else { continue }
            planned[coming] = new
            allWork += new - old
        }
    }

    /// Begins a phase of `total` steps, of which earlier attempts did `completed`.
    package func begin(_ phase: JobPhase, total: Int, completed: Int = 0) throws {
        endPhase()
        self.phase = phase
        self.total = max(total, 1)
        self.completed = completed
        expected = nil
        skipped = Double(completed) / Double(self.total)
        measured = (work, Self.now())
        (lastSave, unsavedSteps) = (Self.now(), 0)
        try follow(write())
    }

    /// A phase that is done, by this attempt or an earlier one.
    func skip(_ phase: JobPhase) {
        if self.phase != phase { planned[phase] = nil }
    }

    /// Leaves out a phase whose work somebody did before.
    func leaveOut(_ phase: JobPhase) {
        timing[phase, default: 0] += 0
        if let work = planned.removeValue(forKey: phase) { allWork -= work }
    }

    /// Counts one step, with points for a series if it has some; saves the job's state when it is time, and ends the job if it is to stop.
    ///
    /// - Parameter state: stores the state after this step; nil where the phase has none.
    /// - Throws: ``JobInterruption``, ``StorageError``.
    package func step(series: MetricsSection? = nil, x: Int = 0, point: JSON? = nil, state: (() throws -> StoredBlob)? = nil) throws {
        completed = min(completed + 1, total)
        metrics.stepped(phase)
        unsavedSteps += 1
        if let series, let point { points[series.name, default: []].append((x, point.compact)) }
        try follow(Self.now() - lastWrite >= interval ? writeIfPossible() : jobs.stopRequest(id), state)
        if unsavedSteps >= saving.steps || Self.now() - lastSave >= saving.seconds { save(state) }
    }

    /// Adds a point to a series that belongs to no step.
    func add(_ point: JSON, x: Int, to series: MetricsSection) { points[series.name, default: []].append((x, point.compact)) }

    /// Ends the job if it is to stop, between two steps.
    func check() throws { try follow(jobs.stopRequest(id)) }

    /// Writes what has not been written yet.
    package func flush() throws { try follow(write()) }

    /// Writes how long the phases took so far, for another attempt to add to.
    func writeTime() throws {
        var timing = timing
        timing[phase, default: 0] += Self.now() - phaseStart
        try jobs.setMetrics(id, section: MetricsSection.timing.name, value: timingSection(timing))
    }

    /// Closes the last phase and writes what is left.
    func finish() throws {
        overall = 1
        try follow(write())
        endPhase()
        try jobs.setMetrics(id, section: MetricsSection.timing.name, value: timingSection(timing))
    }

    /// Does what the client or the end of the process asks for.
    private func follow(_ request: JobStopRequest?, _ state: (() throws -> StoredBlob)? = nil) throws {
        if request == .cancel { throw JobInterruption.cancelled }
        guard request == .pause || isShuttingDown() else { return }
        save(state)
        throw JobInterruption.released
    }

    /// Saves where the job stands. When the disk will not take it the job goes on: an older save does as well.
    private func save(_ state: (() throws -> StoredBlob)?) {
        guard let state else { return }
        (lastSave, unsavedSteps) = (Self.now(), 0)
        do {
            let blob = try state()
            try writeTime()
            try jobs.save(id, progress(), points: points, state: blob)
            points = [:]
        } catch {
            logger.error("\(id) cannot be saved at \(phase.rawValue) \(completed): \(error)")
        }
        lastSave = Self.now()
    }

    private func timingSection(_ timing: [JobPhase: Double]) -> String {
        JSON.object(timed.compactMap { phase in timing[phase].map { .init(phase.rawValue, .double($0)) } }).compact
    }

    private func endPhase() {
        measure()
        metrics.rests(id)
        let now = Self.now()
        if hasBegun { metrics.ended(phase, seconds: now - phaseStart) }
        hasBegun = true
        timing[phase, default: 0] += now - phaseStart
        if let work = planned.removeValue(forKey: phase) {
            // A phase may end before all its steps are done, as scoring does at its threshold.
            doneWork += work * (Double(completed) / Double(total) - skipped)
            allWork -= work * (1 - Double(completed) / Double(total))
            workSeconds += now - phaseStart
        }
        phaseStart = now
    }

    private func progress() -> JobProgress {
        let fraction = Double(completed) / Double(total)
        // What an early end will leave out is neither done nor to do.
        let work = allWork - (planned[phase] ?? 0) * (1 - end(fraction))
        if work > 0 { overall = max(overall, min(1, 1 - left(fraction) / work)) }
        return JobProgress(
            phase: phase, completed: completed, total: total, fraction: fraction, overall: overall, remaining: remaining(fraction))
    }

    /// Multiply-accumulates of this phase that are done.
    private var work: Double { (planned[phase] ?? 0) * Double(completed) / Double(total) }

    /// Tells the metrics what was computed since they were told last.
    private func measure() {
        let (work, time) = (work, Self.now())
        guard work > measured.work, time > measured.time else { return }
        metrics.computed(id, multiplyAccumulates: work - measured.work, seconds: time - measured.time)
        measured = (work, time)
    }

    private func write() throws -> JobStopRequest? {
        measure()
        lastWrite = Self.now()
        let request = try jobs.progress(id, progress(), points: points)
        points = [:]
        return request
    }

    /// What a disk that is full or fails for a while does not take is written with the next.
    private func writeIfPossible() throws -> JobStopRequest? {
        do { return try write() } catch let error as StorageError where error.isOfTheDisk {
            logger.error("progress of \(id) cannot be written: \(error)")
            return try jobs.stopRequest(id)
        }
    }

    private func remaining(_ fraction: Double) -> Double? {
        let current = planned[phase] ?? 0
        let done = doneWork + current * (fraction - skipped)
        let seconds = workSeconds + (current > 0 ? Self.now() - phaseStart : 0)
        guard done > 0, seconds > 0.2 else { return nil }
        return left(fraction) * seconds / done
    }

    /// Multiply-accumulates that are still to do.
    private func left(_ fraction: Double) -> Double {
        planned.values.reduce(0, +) - (planned[phase] ?? 0) * (1 - end(fraction) + fraction)
    }

    /// The share of this phase's steps at which it is expected to end.
    private func end(_ fraction: Double) -> Double { expected.map { max(fraction, min(1, Double($0) / Double(total))) } ?? 1 }
}
