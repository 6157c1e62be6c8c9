/// What a client asked of a running job, for its worker to follow at the next step.
public enum JobStopRequest: Sendable {
    /// End it.
    case cancel
    /// Put it aside, to go on where it stopped.
    case pause
}

extension Job {
    /// What its worker is to do.
    var stopRequest: JobStopRequest? { cancelRequested ? .cancel : pauseRequested ? .pause : nil }
}
