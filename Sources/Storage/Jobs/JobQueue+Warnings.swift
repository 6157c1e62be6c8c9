import GRDB

/// What is told of jobs beside how they end.
extension JobQueue {
    /// Writes what a phase of a running job has to warn of, in place of what it warned of in this attempt or an earlier one.
    /// - Throws: ``StorageError/wrongState(job:doing:expected:found:)`` unless it is running.
    public func setWarnings(_ warnings: [JobWarning], of id: String, from phase: JobPhase) throws(StorageError) {
        try database.write("write a job's warnings") { rows in
            try expectRunning(id, doing: "write warnings of", in: rows)
            try rows.execute(sql: "DELETE FROM job_warnings WHERE job = ? AND source = ?", arguments: [id, phase.rawValue])
            try insert(warnings, of: id, from: phase.rawValue, in: rows)
            announce(id, in: rows)
        }
    }

    /// Writes those that are known as the job is queued.
    func insertFirst(_ warnings: [JobWarning], of id: String, in rows: GRDB.Database) throws {
        try insert(warnings, of: id, from: "", in: rows)
    }

    /// All of a job's: those that were known as it was queued, then those of its phases, in the order in which they came.
    func warnings(of id: String, in rows: GRDB.Database) throws -> [JobWarning] {
        try Row.fetchAll(rows, sql: "SELECT code, detail FROM job_warnings WHERE job = ? ORDER BY id", arguments: [id])
            .map { JobWarning(code: $0[0], detail: $0[1]) }
    }

    /// Removes those of phases, which are all to be done again.
    func removePhasesWarnings(of id: String, in rows: GRDB.Database) throws {
        try rows.execute(sql: "DELETE FROM job_warnings WHERE job = ? AND source <> ''", arguments: [id])
    }

    private func insert(_ warnings: [JobWarning], of id: String, from source: String, in rows: GRDB.Database) throws {
        for warning in warnings {
            try rows.execute(
                sql: "INSERT INTO job_warnings (job, source, code, detail) VALUES (?, ?, ?, ?)",
                arguments: [id, source, warning.code, warning.detail])
        }
    }
}
