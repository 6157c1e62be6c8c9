/// Why a running job stops between two steps without being done.
enum JobInterruption: Error {
    /// A client asked for it.
    case cancelled
    /// The job is to be put aside, or the process is about to end: what it has done so far is saved.
    case released
}
