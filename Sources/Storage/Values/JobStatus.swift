/// Where a job is in its life: `queued` → `running` → one of the three ends; `paused` between.
public enum JobStatus: String, Sendable, CaseIterable, Codable {
    case queued, running, paused, succeeded, failed, cancelled

    /// Whether the job still has something to do.
    public var isLive: Bool {
        switch self {
        case .queued, .running, .paused: true
        case .succeeded, .failed, .cancelled: false
        }
    }

    static let live: [JobStatus] = allCases.filter(\.isLive)
    static let finished: [JobStatus] = allCases.filter { !$0.isLive }
}
