import GRDB

/// How far the telling of a job's end is.
public struct JobWebhook: Sendable, Equatable {
    /// `waiting` for the job to end → `pending` until it is `delivered`, or given up: `failed`.
    public enum Status: String, Sendable, CaseIterable {
        case waiting, pending, delivered, failed
    }

    /// Where to.
    public let url: String
    /// Whether it is told yet.
    public let status: Status
    /// How often it was tried.
    public let attempts: Int
    /// When it is tried next; nil unless pending.
    public let nextAttempt: Timestamp?
    /// Why the last attempt failed; nil where none did, and when it is delivered.
    public let trouble: String?

    init(_ row: Row) throws {
        guard let status = Status(rawValue: row["status"]) else {
            throw StorageError.database(doing: "read a webhook", found: "status \(row["status"] as String)")
        }
        self.init(
            url: row["url"], status: status, attempts: row["attempts"],
            nextAttempt: (row["next_at"] as Int64?).map(Timestamp.init(milliseconds:)), trouble: row["trouble"])
    }

    private init(url: String, status: Status, attempts: Int, nextAttempt: Timestamp?, trouble: String?) {
        self.url = url
        self.status = status
        self.attempts = attempts
        self.nextAttempt = nextAttempt
        self.trouble = trouble
    }

    /// As it was when the job ended, whatever has been tried since: every attempt tells the same.
    public var untried: JobWebhook { JobWebhook(url: url, status: .pending, attempts: 0, nextAttempt: nil, trouble: nil) }
}
