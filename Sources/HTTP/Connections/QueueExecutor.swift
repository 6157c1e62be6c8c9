import Dispatch

/// Runs a connection's task on a queue of its own: a handler that blocks its thread (on the disk, on arithmetic) holds up its own
/// connection and no other, and a connection that waits holds no thread at all.
final class QueueExecutor: TaskExecutor {
    let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
