import GRDB

/// What a phase of a job leaves for the phases after it, such as the latents of its pictures: it is made once, whatever cuts the job
/// off, and goes when the job ends.
extension JobQueue {
    /// Keeps what a phase of a running job made for those after it, in place of what it left before.
    ///
    /// It counts as getting further, as a result does: another attempt has it, and all that the job has noted so far. So a phase writes
    /// its metrics before this. Where the phase had saved its place that goes in the same transaction.
    /// - Throws: ``StorageError/wrongState(job:doing:expected:found:)`` unless it is running.
    public func keep(_ id: String, _ phase: JobPhase, _ blob: StoredBlob) throws(StorageError) {
        let replaced = try database.write("keep what a job's phase made") { rows in
            try expectRunning(id, doing: "keep what was made for", in: rows)
            let condition = "job = ? AND phase = ?"
            let replaced = try ["job_keepings", "job_saves"].flatMap {
                try rows.remove(from: $0, where: condition, [id, phase.rawValue])
            }
            try rows.execute(
                sql: "INSERT INTO job_keepings (job, phase, digest, size) VALUES (?, ?, ?, ?)",
                arguments: [id, phase.rawValue, blob.digest.hex, blob.size])
            try rows.execute(sql: "UPDATE jobs SET fruitless = 0 WHERE id = ?", arguments: [id])
            return replaced
        }
        database.blobs.collect(replaced)
    }

    /// What a phase of the job left for those after it; nil where it left nothing, and once the job has ended.
    public func kept(_ id: String, _ phase: JobPhase) throws(StorageError) -> JobKeeping? {
        try database.read("look for what a job's phase made") { rows in
            try Row.fetchOne(rows, sql: "SELECT * FROM job_keepings WHERE job = ? AND phase = ?", arguments: [id, phase.rawValue])
                .map { try JobKeeping($0) }
        }
    }

    func keepsAnything(_ id: String, in rows: GRDB.Database) throws -> Bool {
        try Bool.fetchOne(rows, sql: "SELECT EXISTS (SELECT 1 FROM job_keepings WHERE job = ?)", arguments: [id])!
    }

    /// What only a live job needs: its save, and what its phases left. Returns the contents that are no longer needed.
    func removeWhatItGoesOnFrom(_ id: String, in rows: GRDB.Database) throws -> [BlobDigest] {
        try removeSave(of: id, in: rows) + rows.remove(from: "job_keepings", where: "job = ?", [id])
    }
}
