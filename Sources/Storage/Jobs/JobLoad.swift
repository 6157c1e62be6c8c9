/// What a queue has to do, at one moment.
public struct JobLoad: Sendable, Equatable {
    /// Jobs by state.
    public internal(set) var counts: [JobStatus: Int] = [:]
    /// Running jobs by what they are at.
    public internal(set) var phases: [JobPhase: Int] = [:]
    /// When the oldest of the queued jobs was made.
    public internal(set) var oldestQueued: Timestamp?
}
