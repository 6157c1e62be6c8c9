import Engine
import Foundation
import Storage

/// Writes a running job's progress and series to the store, about twice a second, and ends the job between steps when it is to stop.
///
/// The remaining time is reckoned from multiply-accumulates: those still to do at the speed of those done.
final class JobProgressReporter {
    private let jobs: JobQueue
    private let id: String
    private let isShuttingDown: () -> Bool
    private let interval = 0.5

    private var phase = JobPhase.loading
    private var total = 1
    private var completed = 0
    private var points: [String: [(x: Int, point: String)]] = [:]
    private var lastWrite = 0.0

    /// What is planned, per phase, in multiply-accumulates.
    private var planned: [JobPhase: Double]
    private var doneWork = 0.0
    private var workSeconds = 0.0
    private var phaseStart = JobProgressReporter.now()
    private(set) var timing: [JobPhase: Double] = [:]

    /// - Parameters:
    ///   - planned: how much each phase will compute, in multiply-accumulates.
    ///   - isShuttingDown: asked between steps.
    init(jobs: JobQueue, id: String, planned: [JobPhase: Double], isShuttingDown: @escaping () -> Bool) {
        self.jobs = jobs
        self.id = id
        self.planned = planned
        self.isShuttingDown = isShuttingDown
    }

    /// Seconds by a clock that never goes back.
    static func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

    /// Begins a phase of `total` steps.
    func begin(_ phase: JobPhase, total: Int) throws {
        endPhase()
        self.phase = phase
        self.total = max(total, 1)
        completed = 0
        try write()
    }

    /// Counts one step, with points for a series if it has some; ends the job if it is to stop.
    ///
    /// - Throws: ``JobInterruption``, ``StorageError``.
    func step(series: String? = nil, x: Int = 0, point: JSON? = nil) throws {
        completed = min(completed + 1, total)
        if let series, let point { points[series, default: []].append((x, point.compact)) }
        if isShuttingDown() { throw JobInterruption.shutdown }
        if Self.now() - lastWrite >= interval {
            try write()
        } else if try jobs.isCancelRequested(id) {
            throw JobInterruption.cancelled
        }
    }

    /// Writes what has not been written yet.
    func flush() throws { try write() }

    /// Closes the last phase and writes what is left.
    func finish() throws {
        try write()
        endPhase()
    }

    private func endPhase() {
        let now = Self.now()
        timing[phase, default: 0] += now - phaseStart
        if let work = planned.removeValue(forKey: phase) {
            doneWork += work
            workSeconds += now - phaseStart
        }
        phaseStart = now
    }

    private func write() throws {
        lastWrite = Self.now()
        let fraction = Double(completed) / Double(total)
        let progress = JobProgress(phase: phase, completed: completed, total: total, fraction: fraction, remaining: remaining(fraction))
        let isCancelled = try jobs.progress(id, progress, points: points)
        points = [:]
        if isCancelled { throw JobInterruption.cancelled }
    }

    private func remaining(_ fraction: Double) -> Double? {
        let current = planned[phase] ?? 0
        let done = doneWork + current * fraction
        let seconds = workSeconds + (current > 0 ? Self.now() - phaseStart : 0)
        guard done > 0, seconds > 0.2 else { return nil }
        let left = planned.values.reduce(0, +) - current * fraction
        return left * seconds / done
    }
}
