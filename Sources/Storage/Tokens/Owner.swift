import GRDB

/// For whom something is stored or queued, and what they may have of it.
public struct Owner: Sendable, Equatable {
    /// The token's identifier.
    public let token: String
    /// Bytes they may have stored; nil is no limit.
    public let storedBytes: Int64?
    /// Jobs they may have waiting; nil is no limit.
    public let queuedJobs: Int?

    /// The bearer of a token, held to its limits.
    public init(_ token: AccessToken) {
        self.token = token.id
        storedBytes = token.limits.storedBytes
        queuedJobs = token.limits.queuedJobs
    }

    /// Whoever asked for a job, when the job stores what it made: that is never refused.
    public init?(of job: Job) {
        guard let token = job.token else { return nil }
        self.token = token
        storedBytes = nil
        queuedJobs = nil
    }

    /// Within the transaction that stores something, after it.
    func checkStored(in rows: GRDB.Database) throws {
        guard let storedBytes, try TokenStore.storedBytes(of: token, in: rows) > storedBytes else { return }
        throw StorageError.tooMuchStored(limit: storedBytes)
    }

    /// Within the transaction that queues a job, before it.
    func checkQueued(in rows: GRDB.Database) throws {
        guard let queuedJobs else { return }
        let waiting = try Int.fetchOne(
            rows, sql: "SELECT COUNT(*) FROM jobs WHERE token = ? AND status IN ('queued', 'paused')", arguments: [token])!
        if waiting >= queuedJobs { throw StorageError.tooManyQueued(limit: queuedJobs) }
    }
}
