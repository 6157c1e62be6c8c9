import Foundation
import GRDB

/// The events that are to be told to those whom jobs named. They go with their jobs.
///
///     waiting ──the job ends──▶ pending ──delivered──▶ delivered
///                                  │ ◀─failed (again)─┤
///                                  └──────failed──────▶ failed
public struct WebhookStore: Sendable {
    let database: Database

    /// The longest due event of each lane, up to `limit` of them, the longest due first: however many wait for one host, they hide no
    /// other's.
    /// - Parameters:
    ///   - busy: lanes that are left out.
    ///   - owners: whose lanes are left out, all of them.
    public func due(
        besides busy: some Collection<WebhookLane> = [], owners: some Collection<String> = [], limit: Int, now: Timestamp = .now()
    ) throws(StorageError) -> [WebhookDelivery] {
        let (lanes, owners) = (Self.list(busy.map(\.key)), Self.list(Array(owners)))
        return try database.read("look for events to tell") { rows in
            // Beside MIN() the other columns are those of the row that has it.
            try Row.fetchAll(
                rows,
                sql: """
                    SELECT webhooks.*, COALESCE(token, '') AS token, MIN(next_at) AS due FROM webhooks JOIN jobs ON jobs.id = job
                    WHERE webhooks.status = 'pending' AND next_at <= ?
                        AND COALESCE(token, '') NOT IN (SELECT value FROM json_each(?))
                        AND COALESCE(token, '') || ' ' || host NOT IN (SELECT value FROM json_each(?))
                    GROUP BY COALESCE(token, ''), host ORDER BY due, job LIMIT ?
                    """, arguments: [now.milliseconds, owners, lanes, limit]
            ).map { WebhookDelivery($0) }
        }
    }

    /// A JSON array. Texts always encode.
    private static func list(_ texts: [String]) -> String { String(decoding: (try? JSONEncoder().encode(texts)) ?? Data(), as: UTF8.self) }

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

    /// Calls `wake` whenever a job with a webhook ends, or ``wake()`` is called; from any thread. There is one who is called at most.
    public func whenDue(_ wake: (@Sendable () -> Void)?) { database.webhookSignal.listen(wake) }

    /// Makes it look as if an event had become due.
    public func wake() { database.webhookSignal.signal() }

    // MARK: - Within others' transactions

    static func add(_ webhook: Webhook, to job: String, in rows: GRDB.Database) throws {
        try rows.execute(
            sql: "INSERT INTO webhooks (job, url, secret, status, host) VALUES (?, ?, ?, 'waiting', ?)",
            arguments: [job, webhook.url, webhook.secret, WebhookLane.host(of: webhook.url)])
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
