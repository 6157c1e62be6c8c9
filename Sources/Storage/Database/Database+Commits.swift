import GRDB

extension Database {
    /// Changes of the database that were lost.
    public struct LostCommits: Sendable, Equatable {
        /// How many times it had been written to since.
        public let count: Int64
        /// When that was found.
        public let foundAt: Timestamp
    }

    /// What was found to be lost of the database when it was opened last without all that had been written to it; nil if that never was.
    public func lostCommits() throws(StorageError) -> LostCommits? {
        try read("look for lost changes") { rows in
            try Row.fetchOne(rows, sql: "SELECT lost, lost_found_at FROM store WHERE lost > 0").map {
                LostCommits(count: $0["lost"], foundAt: Timestamp(milliseconds: $0["lost_found_at"]))
            }
        }
    }

    /// Compares what the database holds with what was witnessed, and remembers what is missing.
    ///
    /// - Parameter isNew: whether the database was made in place of another one, of which nothing is expected.
    /// - Returns: how many commits are missing.
    static func findLostCommits(_ pool: DatabasePool, _ witness: CommitWitness, isNew: Bool, now: Timestamp) throws(StorageError) -> Int64 {
        do {
            let held = try pool.read { try Int64.fetchOne($0, sql: "SELECT commits FROM store") ?? 0 }
            let lost = witness.count - held
            if isNew || lost < 0 { witness.restart(at: held) }
            guard !isNew, lost > 0 else { return 0 }
            try pool.write {
                try $0.execute(
                    sql: "UPDATE store SET commits = ?, lost = ?, lost_found_at = ?", arguments: [witness.count, lost, now.milliseconds])
            }
            return lost
        } catch {
            throw .database(doing: "count the database's changes", found: String(describing: error))
        }
    }

    /// Counts a transaction that has changed something, as a part of it. Returns the count; nil for one that has changed nothing.
    static func countCommit(_ rows: GRDB.Database, since changes: Int) throws -> Int64? {
        guard rows.totalChangesCount > changes else { return nil }
        return try Int64.fetchOne(rows, sql: "UPDATE store SET commits = commits + 1 RETURNING commits")
    }
}
