import GRDB

/// What workers do.
extension JobQueue {
    /// Takes the next job: the highest priority first, then the oldest. Nil when none waits.
    public func claim(worker: String) throws(StorageError) -> Job? {
        try database.write("claim a job") { rows in
            guard
                let id = try String.fetchOne(
                    rows, sql: "SELECT id FROM jobs WHERE status = 'queued' ORDER BY priority DESC, id LIMIT 1")
            else { return nil }
            try rows.execute(
                sql: "UPDATE jobs SET status = 'running', worker = ?, started_at = ? WHERE id = ? AND status = 'queued'",
                arguments: [worker, Timestamp.now().milliseconds, id])
            try expectChange(of: id, doing: "claim", expected: [.queued], in: rows)
            let job = try job(id, in: rows)
            try append("started", to: id, data: ["attempt": String(job.attempt)], in: rows)
            return job
        }
    }

    /// Writes down how far a running job is, with any points its series gained; all in one durable transaction, so
    /// call it about once a second, not at every step.
    /// - Parameter points: by series name; `x` is unique within a series, `point` is JSON.
    /// - Returns: whether the job is to stop.
    /// - Throws: ``StorageError/wrongState(job:doing:expected:found:)`` unless it is running.
    @discardableResult
    public func progress(
        _ id: String, _ progress: JobProgress, points: [String: [(x: Int, point: String)]] = [:]
    ) throws(StorageError) -> Bool {
        try database.write("write progress") { rows in
            let before = try job(id, in: rows)
            try rows.execute(
                sql: """
                    UPDATE jobs SET phase = ?1, progress_phase = ?1, progress_completed = ?2, progress_total = ?3,
                        progress_fraction = ?4, progress_eta = ?5 WHERE id = ?6 AND status = 'running'
                    """,
                arguments: [
                    progress.phase.rawValue, progress.completed, progress.total, progress.fraction, progress.remaining, id,
                ])
            try expectChange(of: id, doing: "write progress of", expected: [.running], in: rows)
            if before.phase != progress.phase { try append("phase", to: id, data: ["phase": progress.phase.rawValue], in: rows) }
            for (series, points) in points { try insert(points, series: series, job: id, in: rows) }
            return before.cancelRequested
        }
    }

    /// Whether a client asked for the job to stop; a read of some microseconds, for every step.
    /// - Throws: ``StorageError/notFound(_:id:)``
    public func isCancelRequested(_ id: String) throws(StorageError) -> Bool {
        try database.read("read a job's cancel request") { rows in
            guard let found = try Bool.fetchOne(rows, sql: "SELECT cancel_requested FROM jobs WHERE id = ?", arguments: [id]) else {
                throw StorageError.notFound(.job, id: id)
            }
            return found
        }
    }

    /// Notes what a running job has made so far, so that it is kept however the job ends. Nil leaves the old value.
    /// - Throws: ``StorageError/wrongState(job:doing:expected:found:)`` unless it is running.
    public func record(_ id: String, checkpoint: String? = nil, pruned: String? = nil) throws(StorageError) {
        try database.write("record a job's result") { rows in
            try rows.execute(
                sql: """
                    UPDATE jobs SET result_checkpoint = COALESCE(?, result_checkpoint), result_pruned = COALESCE(?, result_pruned)
                    WHERE id = ? AND status = 'running'
                    """, arguments: [checkpoint, pruned, id])
            try expectChange(of: id, doing: "record a result of", expected: [.running], in: rows)
        }
    }

    /// The job has done what it was asked for. A cancel that came too late is forgotten.
    /// - Throws: ``StorageError/wrongState(job:doing:expected:found:)`` unless it is running.
    public func complete(_ id: String) throws(StorageError) {
        try end(id, as: .succeeded, doing: "complete")
    }

    /// The job cannot be done.
    /// - Throws: ``StorageError/wrongState(job:doing:expected:found:)`` unless it is running.
    public func fail(_ id: String, _ failure: JobFailure) throws(StorageError) {
        try end(id, as: .failed, doing: "fail", failure: failure)
    }

    /// The worker has stopped the job as ``cancel(_:)`` asked.
    /// - Throws: ``StorageError/wrongState(job:doing:expected:found:)`` unless it is running and was asked to stop.
    public func stopped(_ id: String) throws(StorageError) {
        try end(id, as: .cancelled, doing: "stop", condition: "AND cancel_requested = 1")
    }

    /// Gives a running job back to the queue, as the same attempt: its worker is going away. What it noted so far goes.
    /// - Throws: ``StorageError/wrongState(job:doing:expected:found:)`` unless it is running.
    public func release(_ id: String) throws(StorageError) {
        let digests = try database.write("release a job") { rows in
            guard try !job(id, in: rows).cancelRequested else {
                try finish(id, as: .cancelled, in: rows)
                return [BlobDigest]()
            }
            let digests = try requeue(id, attempt: 0, in: rows)
            try append("released", to: id, in: rows)
            return digests
        }
        database.blobs.collect(digests)
    }

    /// At start-up, before any worker: running jobs were cut off by the end of the last process. They go back to the queue as
    /// another attempt, or fail when they had `maxAttempts` already; those that were to stop are cancelled.
    /// - Returns: the jobs it found running, as they are now.
    @discardableResult
    public func recover(maxAttempts: Int = 3) throws(StorageError) -> [Job] {
        var digests: [BlobDigest] = []
        let jobs = try database.write("recover jobs") { rows in
            digests = []
            let running = try Row.fetchAll(rows, sql: "SELECT * FROM jobs WHERE status = 'running' ORDER BY id").map { try Job($0) }
            for job in running {
                if job.cancelRequested {
                    try finish(job.id, as: .cancelled, in: rows)
                } else if job.attempt >= maxAttempts {
                    let times = job.attempt == 1 ? "once" : "\(job.attempt) times"
                    let detail = "the server stopped while the job was running, \(times); it is not tried again"
                    try finish(job.id, as: .failed, failure: JobFailure(code: "attempts_exhausted", detail: detail), in: rows)
                } else {
                    digests += try requeue(job.id, attempt: 1, in: rows)
                    try append("recovered", to: job.id, data: ["attempt": String(job.attempt + 1)], in: rows)
                }
            }
            return try running.map { try self.job($0.id, in: rows) }
        }
        database.blobs.collect(digests)
        return jobs
    }

    // MARK: - Transitions

    private func end(
        _ id: String, as status: JobStatus, doing: String, failure: JobFailure? = nil, condition: String = ""
    ) throws(StorageError) {
        try database.write("\(doing) a job") { rows in
            try finish(id, as: status, doing: doing, failure: failure, condition: condition, in: rows)
        }
    }

    private func finish(
        _ id: String, as status: JobStatus, doing: String = "end", failure: JobFailure? = nil, condition: String = "",
        in rows: GRDB.Database
    ) throws {
        try rows.execute(
            sql: """
                UPDATE jobs SET status = ?, finished_at = ?, error_code = ?, error_detail = ?, phase = NULL, progress_eta = NULL,
                    worker = NULL, cancel_requested = 0 WHERE id = ? AND status = 'running' \(condition)
                """, arguments: [status.rawValue, Timestamp.now().milliseconds, failure?.code, failure?.detail, id])
        try expectChange(of: id, doing: doing, expected: [.running], in: rows)
        try append(status.rawValue, to: id, data: failure.map { ["code": $0.code, "detail": $0.detail] } ?? [:], in: rows)
    }

    /// Running → queued, from the start again. Returns the contents of the files that go.
    private func requeue(_ id: String, attempt: Int, in rows: GRDB.Database) throws -> [BlobDigest] {
        try rows.execute(
            sql: """
                UPDATE jobs SET status = 'queued', attempt = attempt + ?, worker = NULL, started_at = NULL, phase = NULL,
                    progress_phase = NULL, progress_completed = NULL, progress_total = NULL, progress_fraction = NULL,
                    progress_eta = NULL, result_checkpoint = NULL, result_pruned = NULL WHERE id = ? AND status = 'running'
                """, arguments: [attempt, id])
        try expectChange(of: id, doing: "requeue", expected: [.running], in: rows)
        let digests = try files(of: id, in: rows).map(\.digest)
        for table in ["job_metrics", "job_series", "job_files"] {
            try rows.execute(sql: "DELETE FROM \(table) WHERE job = ?", arguments: [id])
        }
        return digests
    }
}
