import Documents
import Foundation
import Logging
import Storage
import Synchronization

/// Threads that take jobs from the queue, one each at a time.
///
/// Each worker has a thread of its own, as it would keep one of Dispatch's for good, and those are not many. Whoever answers requests goes
/// first: a job's threads have nice 10.
package final class WorkerPool: Sendable {
    private let database: Database
    private let resources: JobResources
    private let metrics: JobMetrics
    private let logger: Logger
    private let isStopping = Mutex(false)
    private let cannotTake = Atomic(false)
    private let work = DispatchSemaphore(value: 0)
    private let running = DispatchGroup()

    /// - Parameter resources: what each job may use.
    package init(database: Database, resources: JobResources, metrics: JobMetrics, logger: Logger) {
        self.database = database
        self.resources = resources
        self.metrics = metrics
        self.logger = logger
    }

    /// Starts the workers.
    package func start(workers: Int) {
        for number in 1...max(1, workers) {
            Thread.startInBackground("worker-\(number)", in: running) { self.serve("worker-\(number)") }
        }
    }

    /// Whether the last try to take a job failed, which is tried again in a while.
    package var isFailing: Bool { cannotTake.load(ordering: .relaxed) }

    /// Tells the workers that there is a job.
    package func wake() { work.signal() }

    /// Lets running jobs go back to the queue at their next step, and waits for that.
    package func stop(workers: Int) {
        isStopping.withLock { $0 = true }
        for _ in 0..<max(1, workers) { work.signal() }
        running.wait()
    }

    private func serve(_ name: String) {
        while !isStopping.withLock({ $0 }) {
            do {
                let next = try database.jobs.claim(worker: name)
                cannotTake.store(false, ordering: .relaxed)
                guard let job = next else {
                    work.wait()
                    continue
                }
                logger.info("\(name) takes \(job.id), attempt \(job.attempt)")
                PruningJob(
                    database: database, job: job, resources: resources, metrics: metrics,
                    isShuttingDown: { self.isStopping.withLock { $0 } }, logger: logger
                ).run()
                logger.info("\(job.id) \((try? database.jobs.get(job.id).status.rawValue) ?? "gone")")
            } catch {
                cannotTake.store(true, ordering: .relaxed)
                logger.error("\(name) cannot take a job: \(error)")
                // The store is failing: try again when there is a new job, or in a while.
                _ = work.wait(timeout: .now() + 5)
            }
        }
    }
}
