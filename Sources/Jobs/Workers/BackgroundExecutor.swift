import Foundation

/// Runs what a request makes its service work for on a thread of its own, below whatever answers short requests: they find a processor
/// free however many archives are being unpacked. ``RequestMemory`` bounds how many that are.
package final class BackgroundExecutor: TaskExecutor {
    private static let shared = BackgroundExecutor()

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.startInBackground("request-work") { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Does work that lasts; whoever asked for it waits without a thread.
    package static func run<Result>(_ work: () throws -> Result) async rethrows -> Result {
        try await withTaskExecutorPreference(shared) { try work() }
    }
}
