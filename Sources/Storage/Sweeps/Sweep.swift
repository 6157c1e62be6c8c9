/// Jobs that differ in how much they cut, queued together.
public struct Sweep: Sendable, Equatable {
    /// `sweep_…`
    public let id: String
    /// The name it was given.
    public let name: String?
    /// What was asked for, as JSON; the store does not read it.
    public let request: String
    /// When it was queued.
    public let createdAt: Timestamp
    /// Those of its jobs that have not been deleted, in the order in which they were asked for.
    public let jobs: [Job]

    /// Where it is in its life: live while one of its jobs is; then failed where one failed, cancelled where one was, else succeeded.
    public var status: JobStatus {
        let found = Set(jobs.map(\.status))
        if found.contains(.running) { return .running }
        if found.contains(.queued) { return found.contains { !$0.isLive } ? .running : .queued }
        return [.paused, .failed, .cancelled].first { found.contains($0) } ?? .succeeded
    }

    /// When the last of its jobs ended; nil while one is live.
    public var finishedAt: Timestamp? {
        let ends = jobs.compactMap(\.finishedAt)
        return ends.count == jobs.count ? ends.max() : nil
    }
}
