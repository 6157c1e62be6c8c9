/// Why a running job stops between two steps without being done.
enum JobInterruption: Error {
    /// A client asked for it.
    case cancelled
    /// The process is about to end; the job goes back to the queue.
    case shutdown
}
