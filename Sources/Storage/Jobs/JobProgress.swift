/// How far a job is within its phase.
public struct JobProgress: Sendable, Equatable {
    /// The phase it counts in.
    public let phase: JobPhase
    /// Steps done.
    public let completed: Int
    /// Steps there are.
    public let total: Int
    /// 0…1.
    public let fraction: Double
    /// Seconds that remain, nil while unknown.
    public let remaining: Double?

    /// `completed` of `total` steps of `phase`; `fraction` is their quotient unless given.
    public init(phase: JobPhase, completed: Int, total: Int, fraction: Double? = nil, remaining: Double? = nil) {
        self.phase = phase
        self.completed = completed
        self.total = total
        self.fraction = fraction ?? (total > 0 ? min(1, max(0, Double(completed) / Double(total))) : 0)
        self.remaining = remaining
    }
}
