import GRDB

/// The sweeps: jobs that are queued together, and run one after another, so that what the first scores serves the others.
///
/// A sweep goes with the last of its jobs.
public struct SweepStore: Sendable {
    let database: Database

    /// Puts jobs into the queue, all or none.
    ///
    /// - Parameters:
    ///   - request: JSON; the store does not read it.
    ///   - jobs: at least one, in order.
    ///   - owner: whose they are.
    ///   - answer: to be kept with it.
    /// - Throws: as ``JobQueue/enqueue(_:owner:answer:)``.
    @discardableResult
    public func enqueue(
        name: String? = nil, request: String, _ jobs: [JobSubmission], owner: Owner? = nil, answer: KeptAnswer<Sweep>? = nil
    ) throws(StorageError) -> Sweep {
        try database.write("enqueue a sweep") { rows in
            let id = Identifier.make(.sweep)
            try rows.execute(
                sql: "INSERT INTO sweeps (id, name, request, created_at) VALUES (?, ?, ?, ?)",
                arguments: [id, name, request, Timestamp.now().milliseconds])
            for job in jobs { try database.jobs.insert(job, owner, sweep: id, in: rows) }
            let sweep = try sweep(id, in: rows)
            try answer?.keep(sweep, in: rows)
            return sweep
        }
    }

    /// The sweep with this identifier.
    /// - Throws: ``StorageError/notFound(_:id:)``
    public func get(_ id: String) throws(StorageError) -> Sweep {
        try database.read("read a sweep") { try sweep(id, in: $0) }
    }

    /// A page of sweeps, newest first, after the one with the identifier `after`.
    /// - Throws: ``StorageError/invalidCursor(_:)``
    public func list(limit: Int, after: String? = nil) throws(StorageError) -> Page<Sweep> {
        try database.read("list sweeps") { rows in
            let found = try rows.page(of: "sweeps", limit: limit, after: after)
            return Page(rows: try found.map { try sweep($0, in: rows) }, limit: limit)
        }
    }

    /// Does to all of its live jobs what a verb of ``JobQueue`` does to one.
    ///
    /// - Parameter verb: such as ``JobQueue/cancel(_:)``.
    /// - Returns: the sweep after that.
    /// - Throws: ``StorageError/notFound(_:id:)``; ``StorageError/wrongState(job:doing:expected:found:)`` once all have ended.
    public func forEachLiveJob(
        _ id: String, doing: String, _ verb: (String) throws(StorageError) -> Void
    ) throws(StorageError) -> Sweep {
        let before = try get(id)
        guard before.status.isLive else {
            throw StorageError.wrongState(job: id, doing: doing, expected: JobStatus.live, found: before.status)
        }
        // From the last on: none begins because one before it ends.
        for job in before.jobs.reversed() where job.status.isLive {
            do throws(StorageError) { try verb(job.id) } catch {
                switch error {
                // It has ended since it was looked at.
                case .notFound, .wrongState: break
                default: throw error
                }
            }
        }
        return try get(id)
    }

    /// Deletes a sweep that has ended, and its jobs with all that they measured. The checkpoints that they made stay.
    /// - Throws: ``StorageError/notFound(_:id:)``; ``StorageError/wrongState(job:doing:expected:found:)`` while it is live.
    public func delete(_ id: String) throws(StorageError) {
        let digests = try database.write("delete a sweep") { rows in
            let sweep = try sweep(id, in: rows)
            guard !sweep.status.isLive else {
                throw StorageError.wrongState(job: id, doing: "delete", expected: JobStatus.finished, found: sweep.status)
            }
            return try sweep.jobs.flatMap { try database.jobs.remove($0.id, in: rows) }
        }
        database.blobs.collect(digests)
    }

    private func sweep(_ id: String, in rows: GRDB.Database) throws -> Sweep {
        guard let row = try Row.fetchOne(rows, sql: "SELECT * FROM sweeps WHERE id = ?", arguments: [id]) else {
            throw StorageError.notFound(.sweep, id: id)
        }
        return try sweep(row, in: rows)
    }

    private func sweep(_ row: Row, in rows: GRDB.Database) throws -> Sweep {
        let id: String = row["id"]
        return Sweep(
            id: id, name: row["name"], request: row["request"], createdAt: Timestamp(milliseconds: row["created_at"]),
            jobs: try database.jobs.jobs(ofSweep: id, in: rows))
    }
}
