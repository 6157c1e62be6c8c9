import Dispatch
import GRDB

/// The events that are to be told to those whom jobs named. They go with their jobs.
///
///     waiting ──the job ends──▶ pending ──delivered──▶ delivered
///                                  │ ◀─failed (again)─┤
///                                  └──────failed──────▶ failed
public struct WebhookStore: Sendable {
    let database: Database

    /// Up to `limit` events that are due, the longest due first.
    public func due(limit: Int, now: Timestamp = .now()) throws(StorageError) -> [WebhookDelivery] {
        try database.read("look for events to tell") { rows in
            try Row.fetchAll(
                rows, sql: "SELECT * FROM webhooks WHERE status = 'pending' AND next_at <= ? ORDER BY next_at, job LIMIT ?",
                arguments: [now.milliseconds, limit]
            ).map { WebhookDelivery($0) }
        }
    }

    /// When the next event is due that is not due yet; nil when there is none.
    public func next(after now: Timestamp) throws(StorageError) -> Timestamp? {
        try database.read("look for the next event to tell") { rows in
            try Int64.fetchOne(
                rows, sql: "SELECT MIN(next_at) FROM webhooks WHERE status = 'pending' AND next_at > ?", arguments: [now.milliseconds]
            ).map(Timestamp.init(milliseconds:))
        }
    }

    /// How many events are still to be told.
    public func pendingCount() throws(StorageError) -> Int {
        try database.read("count events to tell") { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM webhooks WHERE status = 'pending'")! }
    }

    /// The receiver has taken the event. Nothing where the job has been deleted meanwhile.
    public func delivered(_ delivery: WebhookDelivery) throws(StorageError) {
        try database.write("note that an event was told") { rows in
            try rows.execute(
                sql: """
                    UPDATE webhooks SET status = 'delivered', attempts = attempts + 1, next_at = NULL, trouble = NULL, secret = ''
                    WHERE job = ? AND event = ? AND status = 'pending'
                    """, arguments: [delivery.job, delivery.event])
            guard rows.changesCount == 1 else { return }
            try database.jobs.append("webhook_delivered", to: delivery.job, data: ["attempt": String(delivery.attempts + 1)], in: rows)
        }
    }

    /// An attempt failed. Nothing where the job has been deleted meanwhile.
    /// - Parameters:
    ///   - trouble: why, for whoever looks at the job.
    ///   - next: when it is tried again; nil gives it up.
    public func failed(_ delivery: WebhookDelivery, _ trouble: String, next: Timestamp?) throws(StorageError) {
        try database.write("note that an event could not be told") { rows in
            try rows.execute(
                sql: """
                    UPDATE webhooks SET status = CASE WHEN ?1 IS NULL THEN 'failed' ELSE status END, attempts = attempts + 1, next_at = ?1,
                        trouble = ?2, secret = CASE WHEN ?1 IS NULL THEN '' ELSE secret END
                    WHERE job = ?3 AND event = ?4 AND status = 'pending'
                    """, arguments: [next?.milliseconds, trouble, delivery.job, delivery.event])
            guard rows.changesCount == 1 else { return }
            var data = ["attempt": String(delivery.attempts + 1), "detail": trouble]
            data["next_attempt_at"] = next?.text
            try database.jobs.append("webhook_failed", to: delivery.job, data: data, in: rows)
        }
    }

    /// Waits until a job with a webhook ends, ``wake()`` is called, or the time has come; may return earlier.
    public func wait(until deadline: Timestamp) {
        let milliseconds = Int(clamping: max(0, deadline.milliseconds - Timestamp.now().milliseconds))
        _ = database.webhookSignal.wait(timeout: .now() + .milliseconds(milliseconds))
    }

    /// Ends one ``wait(until:)``, now or the next.
    public func wake() { database.webhookSignal.signal() }

    // MARK: - Within others' transactions

    static func add(_ webhook: Webhook, to job: String, in rows: GRDB.Database) throws {
        try rows.execute(
            sql: "INSERT INTO webhooks (job, url, secret, status) VALUES (?, ?, ?, 'waiting')",
            arguments: [job, webhook.url, webhook.secret])
    }

    /// The job ends with this transaction: so its event is neither lost nor told of what did not happen.
    func jobEnded(_ job: String, in rows: GRDB.Database) throws {
        try rows.execute(
            sql: "UPDATE webhooks SET status = 'pending', event = ?, next_at = ? WHERE job = ? AND status = 'waiting'",
            arguments: [Identifier.make(.event), Timestamp.now().milliseconds, job])
        if rows.changesCount == 1 { rows.afterNextTransaction { [signal = database.webhookSignal] _ in signal.signal() } }
    }

    static func find(of job: String, in rows: GRDB.Database) throws -> JobWebhook? {
        try Row.fetchOne(rows, sql: "SELECT * FROM webhooks WHERE job = ?", arguments: [job]).map { try JobWebhook($0) }
    }
}
