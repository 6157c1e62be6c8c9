import Dispatch

/// A thread for a test whose clients block it: Swift's own few threads must not be blocked.
package final class ClientExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "test.client")

    package init() {}

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
