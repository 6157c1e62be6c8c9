import GRDB

/// The queue of jobs: what clients do with it. What workers do is in `JobQueue+Running.swift`.
///
///     queued ──claim──▶ running ──complete──▶ succeeded
///      │ │   ◀─release──┤ │ ├─────fail──────▶ failed
///      │ │   ◀─recover──┘ │ └──stopped──────▶ cancelled      (after cancel asked for it)
///      │ ├─pause──▶ paused ◀─release                         (after pause asked for it)
///      │ ◀──resume──┤
///      └──cancel──▶ cancelled
public struct JobQueue: Sendable {
    let database: Database

    /// Tells when a job has a new event or has got further.
    public var changes: JobChanges { database.jobChanges }

    /// Puts a job into the queue.
    /// - Parameters:
    ///   - owner: whose it is.
    ///   - answer: to be kept with it.
    /// - Throws: ``StorageError/notFound(_:id:)`` when there is no such checkpoint or dataset;
    ///   ``StorageError/tooManyQueued(limit:)`` when its owner has as many waiting as they may.
    @discardableResult
    public func enqueue(
        _ submission: JobSubmission, owner: Owner? = nil, answer: KeptAnswer<Job>? = nil
    ) throws(StorageError) -> Job {
        try database.write("enqueue a job") { rows in
            let job = try insert(submission, owner, in: rows)
            try answer?.keep(job, in: rows)
            return job
        }
    }

    /// - Parameter sweep: the identifier of the sweep that it is one of.
    @discardableResult
    func insert(_ job: JobSubmission, _ owner: Owner?, sweep: String? = nil, in rows: GRDB.Database) throws -> Job {
        guard try Bool.fetchOne(rows, sql: "SELECT EXISTS (SELECT 1 FROM checkpoints WHERE id = ?)", arguments: [job.checkpoint])! else {
            throw StorageError.notFound(.checkpoint, id: job.checkpoint)
        }
        if let dataset = job.dataset, try !Self.exists("datasets", dataset, in: rows) {
            throw StorageError.notFound(.dataset, id: dataset)
        }
        if let reference = job.reference {
            let isThere =
                try Self.exists("datasets", reference, in: rows)
                || Self.exists("evaluation_files", reference, in: rows)
            guard isThere else { throw StorageError.notFound(.statistics, id: reference) }
        }
        if let extractor = job.extractor, try !Self.exists("evaluation_files", extractor, in: rows) {
            throw StorageError.notFound(.extractor, id: extractor)
        }
        try owner?.checkQueued(in: rows)
        let id = Identifier.make(.job)
        try rows.execute(
            sql: """
                INSERT INTO jobs (id, name, metadata, priority, request, checkpoint, dataset, reference, extractor, status, created_at,
                    token, sweep)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?)
                """,
            arguments: [
                id, job.name, job.metadata, job.priority, job.request, job.checkpoint, job.dataset, job.reference,
                job.extractor,
                Timestamp.now().milliseconds, owner?.token, sweep,
            ])
        try insertFirst(job.warnings, of: id, in: rows)
        if let webhook = job.webhook { try WebhookStore.add(webhook, to: id, in: rows) }
        try append("queued", to: id, in: rows)
        return try self.job(id, in: rows)
    }

    private static func exists(_ table: String, _ id: String, in rows: GRDB.Database) throws -> Bool {
        try Bool.fetchOne(
            rows, sql: "SELECT EXISTS (SELECT 1 FROM \(table) WHERE id = ?)", arguments: [id])!
    }

    /// The job with this identifier.
    /// - Throws: ``StorageError/notFound(_:id:)``
    public func get(_ id: String) throws(StorageError) -> Job {
        try database.read("read a job") { try job(id, in: $0) }
    }

    /// A page of jobs, newest first, after the one with the identifier `after`.
    /// - Throws: ``StorageError/invalidCursor(_:)``
    public func list(status: JobStatus? = nil, limit: Int, after: String? = nil) throws(StorageError) -> Page<Job> {
        try database.read("list jobs") { rows in
            let found = try rows.page(of: "jobs", limit: limit, after: after, status: status?.rawValue)
            return Page(rows: try found.map { try job($0, in: rows) }, limit: limit)
        }
    }

    /// How many jobs are in each state; states without a job are left out.
    public func counts() throws(StorageError) -> [JobStatus: Int] {
        try database.read("count jobs") { rows in
            var counts: [JobStatus: Int] = [:]
            for row in try Row.fetchAll(rows, sql: "SELECT status, COUNT(*) FROM jobs GROUP BY status") {
                if let status = JobStatus(rawValue: row[0]) { counts[status] = row[1] }
            }
            return counts
        }
    }

    /// What the queue has to do; states and phases without a job are left out.
    public func load() throws(StorageError) -> JobLoad {
        try database.read("look over the queue") { rows in
            var load = JobLoad()
            let groups = try Row.fetchAll(rows, sql: "SELECT status, phase, COUNT(*), MIN(created_at) FROM jobs GROUP BY status, phase")
            for row in groups {
                guard let status = JobStatus(rawValue: row[0]) else { continue }
                load.counts[status, default: 0] += row[2]
                if let phase = (row[1] as String?).flatMap(JobPhase.init(rawValue:)) { load.phases[phase] = row[2] }
                if status == .queued { load.oldestQueued = Timestamp(milliseconds: row[3]) }
            }
            return load
        }
    }

    /// How many jobs have ended so since the database was opened.
    public func ended(as status: JobStatus) -> Int { database.endings.count(status) }

    /// Cancels a waiting job at once; asks the worker of a running one to stop (see ``stopRequest(_:)``).
    /// - Returns: the job after that: `cancelled`, or `running` with ``Job/cancelRequested``.
    /// - Throws: ``StorageError/notFound(_:id:)``; ``StorageError/wrongState(job:doing:expected:found:)`` once it has ended.
    @discardableResult
    public func cancel(_ id: String) throws(StorageError) -> Job {
        let (cancelled, digests) = try database.write("cancel a job") { rows in
            let before = try job(id, in: rows)
            if before.cancelRequested { return (before, [BlobDigest]()) }
            try rows.execute(
                sql: "UPDATE jobs SET status = 'cancelled', finished_at = ? WHERE id = ? AND status IN ('queued', 'paused')",
                arguments: [Timestamp.now().milliseconds, id])
            if rows.changesCount == 1 {
                try noteEnd(of: id, as: .cancelled, in: rows)
                return (try job(id, in: rows), try removeWhatItGoesOnFrom(id, in: rows))
            }
            try rows.execute(sql: "UPDATE jobs SET cancel_requested = 1 WHERE id = ? AND status = 'running'", arguments: [id])
            try expectChange(of: id, doing: "cancel", expected: JobStatus.live, in: rows)
            try append("cancel_requested", to: id, in: rows)
            return (try job(id, in: rows), [])
        }
        database.blobs.collect(digests)
        return cancelled
    }

    /// Puts a waiting job aside at once; asks the worker of a running one to (see ``stopRequest(_:)``). A paused one stays so.
    /// - Returns: the job after that: `paused`, or `running` with ``Job/pauseRequested``.
    /// - Throws: ``StorageError/notFound(_:id:)``; ``StorageError/wrongState(job:doing:expected:found:)`` once it has ended.
    @discardableResult
    public func pause(_ id: String) throws(StorageError) -> Job {
        try database.write("pause a job") { rows in
            let before = try job(id, in: rows)
            if before.status == .paused || before.pauseRequested { return before }
            try rows.execute(sql: "UPDATE jobs SET status = 'paused' WHERE id = ? AND status = 'queued'", arguments: [id])
            if rows.changesCount == 1 {
                try append("paused", to: id, in: rows)
            } else {
                try rows.execute(sql: "UPDATE jobs SET pause_requested = 1 WHERE id = ? AND status = 'running'", arguments: [id])
                try expectChange(of: id, doing: "pause", expected: JobStatus.live, in: rows)
                try append("pause_requested", to: id, in: rows)
            }
            return try job(id, in: rows)
        }
    }

    /// Puts a paused job back into the queue, at its place by priority and age; takes back a pause that has not come about yet.
    /// Any other live job stays as it is.
    /// - Throws: ``StorageError/notFound(_:id:)``; ``StorageError/wrongState(job:doing:expected:found:)`` once it has ended.
    @discardableResult
    public func resume(_ id: String) throws(StorageError) -> Job {
        try database.write("resume a job") { rows in
            let before = try job(id, in: rows)
            guard before.status.isLive else {
                throw StorageError.wrongState(job: id, doing: "resume", expected: JobStatus.live, found: before.status)
            }
            guard before.status == .paused || before.pauseRequested else { return before }
            try rows.execute(
                sql: """
                    UPDATE jobs SET status = CASE status WHEN 'paused' THEN 'queued' ELSE status END, pause_requested = 0 WHERE id = ?
                    """, arguments: [id])
            try append("resumed", to: id, in: rows)
            return try job(id, in: rows)
        }
    }

    /// Deletes a job that has ended, with its events, metrics and files. The checkpoints it made stay.
    /// - Throws: ``StorageError/notFound(_:id:)``; ``StorageError/wrongState(job:doing:expected:found:)`` while it is live.
    public func delete(_ id: String) throws(StorageError) {
        database.blobs.collect(try database.write("delete a job") { try remove(id, in: $0) })
    }

    /// Removes a job that has ended, and the sweep whose last one it was. Returns the contents that are no longer needed.
    func remove(_ id: String, in rows: GRDB.Database) throws -> [BlobDigest] {
        let digests = try files(of: id, in: rows).map(\.digest) + removeWhatItGoesOnFrom(id, in: rows)
        try rows.execute(sql: "DELETE FROM jobs WHERE id = ? AND status IN ('succeeded', 'failed', 'cancelled')", arguments: [id])
        try expectChange(of: id, doing: "delete", expected: JobStatus.finished, in: rows)
        return digests
    }

    // MARK: - Shared by every verb

    func job(_ id: String, in rows: GRDB.Database) throws -> Job {
        guard let row = try Row.fetchOne(rows, sql: "SELECT * FROM jobs WHERE id = ?", arguments: [id]) else {
            throw StorageError.notFound(.job, id: id)
        }
        return try job(row, in: rows)
    }

    func jobs(ofSweep sweep: String, in rows: GRDB.Database) throws -> [Job] {
        try Row.fetchAll(rows, sql: "SELECT * FROM jobs WHERE sweep = ? ORDER BY id", arguments: [sweep]).map { try job($0, in: rows) }
    }

    private func job(_ row: Row, in rows: GRDB.Database) throws -> Job {
        var job = try Job(row)
        job.webhook = try WebhookStore.find(of: job.id, in: rows)
        job.warnings = try warnings(of: job.id, in: rows)
        return job
    }

    /// After a guarded UPDATE: throws unless it found its row, telling a missing job from one in another state.
    func expectChange(of id: String, doing: String, expected: [JobStatus], in rows: GRDB.Database) throws {
        guard rows.changesCount != 1 else { return }
        throw StorageError.wrongState(job: id, doing: doing, expected: expected, found: try job(id, in: rows).status)
    }

    func append(_ event: String, to id: String, data: [String: String] = [:], in rows: GRDB.Database) throws {
        let pairs = data.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        try rows.execute(
            sql:
                "INSERT INTO job_events (job, time, event, data) VALUES (?, ?, ?, json_object(\(pairs.map { _ in "?" }.joined(separator: ", "))))",
            arguments: StatementArguments([id, Timestamp.now().milliseconds, event] + pairs as [any DatabaseValueConvertible]))
        announce(id, in: rows)
    }

    /// Within the transaction in which a job ends.
    func noteEnd(of id: String, as status: JobStatus, data: [String: String] = [:], in rows: GRDB.Database) throws {
        // Before those who follow the job are told, who may ask for the count at once.
        rows.afterNextTransaction { [endings = database.endings] _ in endings.add(status) }
        try append(status.rawValue, to: id, data: data, in: rows)
        try database.webhooks.jobEnded(id, in: rows)
    }

    /// Lets those who follow the job know, once this transaction is committed.
    func announce(_ id: String, in rows: GRDB.Database) {
        rows.afterNextTransaction { [changes] _ in changes.announce(id) }
    }

    func files(of id: String, in rows: GRDB.Database) throws -> [JobFile] {
        try Row.fetchAll(rows, sql: "SELECT * FROM job_files WHERE job = ? ORDER BY name", arguments: [id])
            .map { JobFile(name: $0["name"], digest: try $0.digest("digest"), size: $0["size"]) }
    }
}
