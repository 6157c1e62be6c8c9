import GRDB

/// What workers do.
extension JobQueue {
    /// Takes the next job: the highest priority first, then the oldest; none of a sweep of which one is running. Nil when none waits.
    public func claim(worker: String) throws(StorageError) -> Job? {
        try database.write("claim a job") { rows in
            guard
                let id = try String.fetchOne(
                    rows,
                    sql: """
                        SELECT id FROM jobs WHERE status = 'queued'
                            AND (sweep IS NULL OR sweep NOT IN (SELECT sweep FROM jobs WHERE status = 'running' AND sweep IS NOT NULL))
                            ORDER BY priority DESC, id LIMIT 1
                        """)
            else { return nil }
            try rows.execute(
                sql: """
                    UPDATE jobs SET status = 'running', worker = ?, started_at = ?, fruitless = fruitless + 1
                    WHERE id = ? AND status = 'queued'
                    """, arguments: [worker, Timestamp.now().milliseconds, id])
            try expectChange(of: id, doing: "claim", expected: [.queued], in: rows)
            let job = try job(id, in: rows)
            try append("started", to: id, data: ["attempt": String(job.attempt)], in: rows)
            return job
        }
    }

    /// Writes down how far a running job is, with any points its series gained; all in one durable transaction, so
    /// call it about once a second, not at every step.
    /// - Parameter points: by series name; `x` is unique within a series, `point` is JSON.
    /// - Returns: whether the job is to stop, and how.
    /// - Throws: ``StorageError/wrongState(job:doing:expected:found:)`` unless it is running.
    @discardableResult
    public func progress(
        _ id: String, _ progress: JobProgress, points: [String: [(x: Int, point: String)]] = [:]
    ) throws(StorageError) -> JobStopRequest? {
        try database.write("write progress") { try write(progress, points: points, of: id, in: $0) }
    }

    @discardableResult
    func write(
        _ progress: JobProgress, points: [String: [(x: Int, point: String)]], of id: String, in rows: GRDB.Database
    ) throws -> JobStopRequest? {
        let before = try job(id, in: rows)
        try rows.execute(
            sql: """
                UPDATE jobs SET phase = ?1, progress_phase = ?1, progress_completed = ?2, progress_total = ?3,
                    progress_fraction = ?4, progress_overall = ?5, progress_eta = ?6 WHERE id = ?7 AND status = 'running'
                """,
            arguments: [
                progress.phase.rawValue, progress.completed, progress.total, progress.fraction, progress.overall, progress.remaining, id,
            ])
        try expectChange(of: id, doing: "write progress of", expected: [.running], in: rows)
        if before.phase != progress.phase { try append("phase", to: id, data: ["phase": progress.phase.rawValue], in: rows) }
        for (series, points) in points { try insert(points, series: series, job: id, in: rows) }
        announce(id, in: rows)
        return before.stopRequest
    }

    /// What a client asked of the job; a read of some microseconds, for every step.
    /// - Throws: ``StorageError/notFound(_:id:)``
    public func stopRequest(_ id: String) throws(StorageError) -> JobStopRequest? {
        try database.read("read a job's stop request") { rows in
            guard let row = try Row.fetchOne(rows, sql: "SELECT cancel_requested, pause_requested FROM jobs WHERE id = ?", arguments: [id])
            else { throw StorageError.notFound(.job, id: id) }
            return row[0] ? .cancel : row[1] ? .pause : nil
        }
    }

    /// The job has done what it was asked for. A cancel or pause that came too late is forgotten.
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

    /// The worker leaves a running job, having saved where it stands: it goes to where its client wants it, and back to the queue
    /// where the client wants nothing, as the same attempt.
    /// - Throws: ``StorageError/wrongState(job:doing:expected:found:)`` unless it is running.
    public func release(_ id: String) throws(StorageError) {
        let digests = try database.write("release a job") { rows in
            let found = try job(id, in: rows)
            switch found.stopRequest {
            case .cancel: return try finish(id, as: .cancelled, in: rows)
            case .pause:
                let digests = try leave(id, as: .paused, in: rows)
                try append("paused", to: id, in: rows)
                return digests
            case nil:
                let digests = try leave(id, as: .queued, in: rows)
                try append("released", to: id, in: rows)
                return digests
            }
        }
        database.blobs.collect(digests)
    }

    /// At start-up, before any worker: running jobs were cut off by the end of the last process. They go back to the queue as
    /// another attempt, to go on from their last save, or fail after `maxAttempts` attempts in a row that got no further; those
    /// that were to stop are cancelled or paused.
    /// - Returns: the jobs it found running, as they are now.
    @discardableResult
    public func recover(maxAttempts: Int = 3) throws(StorageError) -> [Job] {
        var digests: [BlobDigest] = []
        let jobs = try database.write("recover jobs") { rows in
            digests = []
            let running = try Row.fetchAll(rows, sql: "SELECT * FROM jobs WHERE status = 'running' ORDER BY id")
            for row in running {
                let job = try Job(row)
                if job.cancelRequested {
                    digests += try finish(job.id, as: .cancelled, in: rows)
                } else if row["fruitless"] >= maxAttempts {
                    digests += try finish(job.id, as: .failed, failure: exhausted(job, fruitless: row["fruitless"]), in: rows)
                } else {
                    digests += try leave(job.id, as: job.pauseRequested ? .paused : .queued, attempt: 1, in: rows)
                    try append("recovered", to: job.id, data: ["attempt": String(job.attempt + 1)], in: rows)
                    if job.pauseRequested { try append("paused", to: job.id, in: rows) }
                }
            }
            return try running.map { try self.job($0["id"], in: rows) }
        }
        database.blobs.collect(digests)
        return jobs
    }

    private func exhausted(_ job: Job, fruitless: Int) -> JobFailure {
        let times = fruitless == 1 ? "once" : "\(fruitless) times"
        let last = job.progress.map { ", the last time at \($0.phase.rawValue) \($0.completed) of \($0.total)" } ?? ""
        return JobFailure(
            code: "attempts_exhausted",
            detail: "the server stopped while the job was running, \(times) without its getting further\(last); it is not tried again")
    }

    // MARK: - Transitions

    private func end(
        _ id: String, as status: JobStatus, doing: String, failure: JobFailure? = nil, condition: String = ""
    ) throws(StorageError) {
        let digests = try database.write("\(doing) a job") { rows in
            try finish(id, as: status, doing: doing, failure: failure, condition: condition, in: rows)
        }
        database.blobs.collect(digests)
    }

    /// Running → one of the ends. Returns the contents that are no longer needed.
    private func finish(
        _ id: String, as status: JobStatus, doing: String = "end", failure: JobFailure? = nil, condition: String = "",
        in rows: GRDB.Database
    ) throws -> [BlobDigest] {
        try rows.execute(
            sql: """
                UPDATE jobs SET status = ?, finished_at = ?, error_code = ?, error_detail = ?, phase = NULL, progress_eta = NULL,
                    worker = NULL, cancel_requested = 0, pause_requested = 0 WHERE id = ? AND status = 'running' \(condition)
                """, arguments: [status.rawValue, Timestamp.now().milliseconds, failure?.code, failure?.detail, id])
        try expectChange(of: id, doing: doing, expected: [.running], in: rows)
        try noteEnd(of: id, as: status, data: failure.map { ["code": $0.code, "detail": $0.detail] } ?? [:], in: rows)
        return try removeWhatItGoesOnFrom(id, in: rows)
    }

    /// Running → queued or paused, to go on from its last save. Without a save, a result, and anything that a phase left for others it will
    /// begin again, so what it noted goes. Else what it noted stays: it belongs to phases that are not run again, or that write it anew.
    /// Returns the contents that are no longer needed.
    /// - Parameter attempt: how many more attempts it has had; 0 does not count this one.
    private func leave(_ id: String, as status: JobStatus, attempt: Int = 0, in rows: GRDB.Database) throws -> [BlobDigest] {
        try rows.execute(
            sql: """
                UPDATE jobs SET status = ?1, attempt = attempt + ?2, worker = NULL, started_at = NULL, phase = NULL, pause_requested = 0,
                    fruitless = CASE ?2 WHEN 0 THEN MAX(fruitless - 1, 0) ELSE fruitless END,
                    (progress_phase, progress_completed, progress_total, progress_fraction, progress_overall) =
                        (SELECT phase, completed, total, CAST(completed AS REAL) / MAX(total, 1), overall FROM job_saves WHERE job = ?3),
                    progress_eta = NULL
                WHERE id = ?3 AND status = 'running'
                """, arguments: [status.rawValue, attempt, id])
        try expectChange(of: id, doing: "release", expected: [.running], in: rows)
        let found = try job(id, in: rows)
        guard found.progress == nil, found.resultCheckpoint == nil, try !keepsAnything(id, in: rows) else { return [] }
        let digests = try files(of: id, in: rows).map(\.digest)
        try removePhasesWarnings(of: id, in: rows)
        for table in ["job_metrics", "job_series", "job_files"] {
            try rows.execute(sql: "DELETE FROM \(table) WHERE job = ?", arguments: [id])
        }
        return digests
    }
}
