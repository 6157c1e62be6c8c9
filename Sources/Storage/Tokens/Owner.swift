import GRDB

/// For whom something is stored or queued, and what they may have of it.
public struct Owner: Sendable, Equatable {
    /// The token's identifier.
    public let token: String
    /// Bytes they may have stored; nil is no limit.
    public let storedBytes: Int64?
    /// Jobs they may have waiting; nil is no limit.
    public let queuedJobs: Int?
    /// Whether the token must be known still: what a revoked one was asked for is not begun.
    private let isAsking: Bool

    /// The bearer of a token, held to its limits.
    public init(_ token: AccessToken) {
        self.token = token.id
        storedBytes = token.limits.storedBytes
        queuedJobs = token.limits.queuedJobs
        isAsking = true
    }

    /// Whoever asked for something that is stored for them later: that is never refused.
    init(unlimited token: String) {
        self.token = token
        storedBytes = nil
        queuedJobs = nil
        isAsking = false
    }

    /// Within the transaction that stores something, after it.
    func checkStored(in rows: GRDB.Database) throws {
        try checkToken(in: rows)
        guard let storedBytes, try TokenStore.storedBytes(of: token, in: rows) > storedBytes else { return }
        throw StorageError.tooMuchStored(limit: storedBytes)
    }

    /// Within the transaction that queues a job, before it.
    func checkQueued(in rows: GRDB.Database) throws {
        try checkToken(in: rows)
        guard let queuedJobs else { return }
        let waiting = try Int.fetchOne(
            rows, sql: "SELECT COUNT(*) FROM jobs WHERE token = ? AND status IN ('queued', 'paused')", arguments: [token])!
        if waiting >= queuedJobs { throw StorageError.tooManyQueued(limit: queuedJobs) }
    }

    private func checkToken(in rows: GRDB.Database) throws {
        guard isAsking else { return }
        let isKnown = try Bool.fetchOne(rows, sql: "SELECT EXISTS (SELECT 1 FROM tokens WHERE id = ?)", arguments: [token])
        if isKnown != true { throw StorageError.tokenRevoked(id: token) }
    }
}
