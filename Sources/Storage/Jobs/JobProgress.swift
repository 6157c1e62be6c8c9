/// How far a job is, within its phase and on the whole.
public struct JobProgress: Sendable, Equatable {
    /// The phase it counts in.
    public let phase: JobPhase
    /// Steps done.
    public let completed: Int
    /// Steps there are.
    public let total: Int
    /// The share of the phase that is done, 0…1.
    public let fraction: Double
    /// The share of the whole job that is done, 0…1: it never falls, but where the job goes on from an earlier save. Nil where it is unknown.
    public let overall: Double?
    /// Seconds that remain, nil while unknown.
    public let remaining: Double?

    /// `completed` of `total` steps of `phase`; `fraction` is their quotient unless given.
    public init(phase: JobPhase, completed: Int, total: Int, fraction: Double? = nil, overall: Double? = nil, remaining: Double? = nil) {
        self.phase = phase
        self.completed = completed
        self.total = total
        self.fraction = fraction ?? (total > 0 ? min(1, max(0, Double(completed) / Double(total))) : 0)
        self.overall = overall
        self.remaining = remaining
    }
}
