import GRDB

/// What lets a job that was cut off go on: saves within a phase, and the results of phases that are done. What phases leave for others is in
/// `JobQueue+Keeping.swift`.
extension JobQueue {
    /// Writes down how far a running job is, as ``progress(_:_:points:)`` does, together with the state to go on from, in place
    /// of an earlier one.
    /// - Parameter state: in the worker's own format; removed when the phase is done or the job ends.
    /// - Throws: ``StorageError/wrongState(job:doing:expected:found:)`` unless it is running.
    public func save(
        _ id: String, _ progress: JobProgress, points: [String: [(x: Int, point: String)]] = [:], state: StoredBlob
    ) throws(StorageError) {
        let replaced = try database.write("save a job") { rows in
            try write(progress, points: points, of: id, in: rows)
            let replaced = try removeSave(of: id, in: rows)
            try rows.execute(
                sql: "INSERT INTO job_saves (job, phase, completed, total, overall, digest, size) VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    id, progress.phase.rawValue, progress.completed, progress.total, progress.overall, state.digest.hex, state.size,
                ])
            try rows.execute(sql: "UPDATE jobs SET fruitless = 0 WHERE id = ?", arguments: [id])
            return replaced
        }
        database.blobs.collect(replaced)
    }

    /// Where the job's phase stands on the disk; nil where it is to begin.
    public func saved(_ id: String) throws(StorageError) -> JobSave? {
        try database.read("read a save") { rows in
            try Row.fetchOne(rows, sql: "SELECT * FROM job_saves WHERE job = ?", arguments: [id]).map { try JobSave($0) }
        }
    }

    /// Which of a job's two results a checkpoint is.
    public enum ResultStage: Sendable {
        case pruned, finetuned
    }

    /// Stores a checkpoint that a running job made and notes it as its result, in one transaction: it is kept however the job
    /// ends, and another attempt need not make it again.
    /// - Throws: ``StorageError/wrongState(job:doing:expected:found:)`` unless it is running.
    @discardableResult
    public func addResult(
        _ id: String, _ stage: ResultStage, name: String, descriptor: String, files: [(path: String, blob: StoredBlob)]
    ) throws(StorageError) -> CheckpointRecord {
        let owner = try get(id).token.map(Owner.init(unlimited:))
        let manifest = Manifest(
            checkpoint: Identifier.make(.checkpoint), name: name, descriptor: descriptor, files: files, owner: owner)
        let blob = try manifest.store(in: database.blobs)
        let (record, replaced) = try database.write("store a job's result") { rows in
            let record = try database.checkpoints.insert(manifest, blob, owner, in: rows)
            try rows.execute(
                sql: """
                    UPDATE jobs SET result_checkpoint = ?1, result_pruned = COALESCE(?2, result_pruned), fruitless = 0
                    WHERE id = ?3 AND status = 'running'
                    """, arguments: [record.id, stage == .pruned ? record.id : nil, id])
            try expectChange(of: id, doing: "record a result of", expected: [.running], in: rows)
            return (record, try removeSave(of: id, in: rows))
        }
        database.blobs.collect(replaced)
        return record
    }

    /// Drops a series' points beyond `x` from a running job, whose attempt goes on from there.
    /// - Parameter x: nil drops all.
    /// - Throws: ``StorageError/wrongState(job:doing:expected:found:)`` unless it is running.
    public func cutSeries(_ series: String, of id: String, after x: Int?) throws(StorageError) {
        try database.write("cut a series") { rows in
            try expectRunning(id, doing: "cut a series of", in: rows)
            try rows.execute(sql: "DELETE FROM job_series WHERE job = ? AND series = ? AND x > ?", arguments: [id, series, x ?? Int.min])
        }
    }

    /// Returns the contents that are no longer needed.
    func removeSave(of id: String, in rows: GRDB.Database) throws -> [BlobDigest] {
        try rows.remove(from: "job_saves", where: "job = ?", [id])
    }
}
