import Documents
import Engine
import Foundation
import Logging
import Storage

/// One job from its request to its results: a list of phases and one loop.
package struct PruningJob {
    private let database: Database
    private let job: Job
    private let phases: Phases
    private let resources: JobResources
    private let metrics: JobMetrics
    private let isShuttingDown: @Sendable () -> Bool
    private let logger: Logger

    /// A job that was claimed.
    ///
    /// - Parameters:
    ///   - phases: those it may have.
    ///   - isShuttingDown: asked between steps.
    package init(
        database: Database, job: Job, phases: Phases = .all, resources: JobResources, metrics: JobMetrics,
        isShuttingDown: @escaping @Sendable () -> Bool, logger: Logger
    ) {
        self.database = database
        self.job = job
        self.phases = phases
        self.resources = resources
        self.metrics = metrics
        self.isShuttingDown = isShuttingDown
        self.logger = logger
    }

    private var jobs: JobQueue { database.jobs }

    /// Runs the job and writes how it ended.
    package func run() {
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
        case let error as CutTargetError: return JobFailure(code: "pruning_impossible", detail: error.description)
        case let error as TrainingError: return JobFailure(code: "loss_not_finite", detail: error.description)
        case let error as TeacherError: return JobFailure(code: "teacher_lost", detail: "distillation \(error)")
        case let error as CheckpointError: return JobFailure(code: "invalid_checkpoint", detail: error.description)
        case let error as AutoencoderError: return JobFailure(code: "invalid_checkpoint", detail: error.description)
        case let error as TextConditionerError: return JobFailure(code: "invalid_checkpoint", detail: error.description)
        case let error as GraphError: return JobFailure(code: "pruning_impossible", detail: error.description)
        case let error as WidthsError: return JobFailure(code: "pruning_impossible", detail: error.description)
        case let error as ArchitectureError: return JobFailure(code: "pruning_impossible", detail: error.description)
        case let error as ConfigurationError: return JobFailure(code: "pruning_impossible", detail: "\(error)")
        case let error as MatrixError: return JobFailure(code: "refit_failed", detail: "weights could not be refitted: \(error)")
        default: return JobFailure(code: "internal_error", detail: "the job failed for a reason that is in the server's log")
        }
    }

    private func execute() throws {
        MemoryGauge.reset()
        let (request, errors) = JobRequest.read(try JSON(parsing: Array(job.request.utf8)), isQueued: true, webhook: nil)
        // What it is called was taken when it was queued, perhaps by a version that took more.
        let wrong = errors.filter { $0.pointer != "/name" && !$0.pointer.hasPrefix("/metadata") }
        guard wrong.isEmpty else { throw JobsError.invalidFields(wrong) }
        let reporter = JobProgressReporter(
            jobs: jobs, id: job.id, overall: job.progress?.overall ?? 0, timed: phases.computing.map { $0.name },
            interval: resources.saving, metrics: metrics,
            isShuttingDown: isShuttingDown, logger: logger)
        let running = RunningJob(
            job, request, in: database, resources: resources, reporter: reporter, plan: phases.work,
            rehearsal: { pictures, objective in
                for phase in phases.asked(by: request) {
                    try phase.rehearse(on: pictures, objective)
                    try reporter.check()
                }
            }, logger: logger)
        for type in phases.list {
            if let phase = type.init(request), !phase.isDone(in: running), !running.hasBegun || phase.isNeeded(running.shape) {
                try phase.run(running)
            }
            reporter.skip(type.name)
            if type.result != nil { try running.writeSizes() }
        }
        try reporter.finish()
        try running.write(MemoryGauge.peak.map(JSON.integer) ?? .null, .peakMemory)
    }
}
