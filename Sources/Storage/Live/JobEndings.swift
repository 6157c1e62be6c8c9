import Synchronization

/// How many jobs ended how, since the database was opened. Rows cannot tell: ended jobs may be deleted.
final class JobEndings: Sendable {
    private let succeeded = Atomic(0)
    private let failed = Atomic(0)
    private let cancelled = Atomic(0)

    func add(_ status: JobStatus) {
        switch status {
        case .succeeded: succeeded.add(1, ordering: .relaxed)
        case .failed: failed.add(1, ordering: .relaxed)
        case .cancelled: cancelled.add(1, ordering: .relaxed)
        case .queued, .running, .paused: break
        }
    }

    func count(_ status: JobStatus) -> Int {
        switch status {
        case .succeeded: succeeded.load(ordering: .relaxed)
        case .failed: failed.load(ordering: .relaxed)
        case .cancelled: cancelled.load(ordering: .relaxed)
        case .queued, .running, .paused: 0
        }
    }
}
