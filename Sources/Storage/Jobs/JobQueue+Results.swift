import GRDB

/// What jobs leave: events, metrics, series, files.
extension JobQueue {
    /// The job's events in order, after the one numbered `after`.
    /// - Throws: ``StorageError/notFound(_:id:)``
    public func events(of id: String, after: Int64 = 0, limit: Int = Int.max) throws(StorageError) -> [JobEvent] {
        try database.read("read a job's events") { rows in
            _ = try job(id, in: rows)
            return try Row.fetchAll(
                rows, sql: "SELECT * FROM job_events WHERE job = ? AND id > ? ORDER BY id LIMIT ?", arguments: [id, after, limit]
            ).map { JobEvent($0) }
        }
    }

    /// Writes a section of a running job's metrics, such as `parameters`, in place of what it was.
    /// - Parameter value: JSON.
    /// - Throws: ``StorageError/wrongState(job:doing:expected:found:)`` unless it is running.
    public func setMetrics(_ id: String, section: String, value: String) throws(StorageError) {
        try database.write("write a job's metrics") { rows in
            try expectRunning(id, doing: "write metrics of", in: rows)
            try rows.execute(
                sql: "INSERT INTO job_metrics (job, section, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                arguments: [id, section, value])
        }
    }

    /// Sections of the job's metrics, as far as there are any: name to JSON.
    ///
    /// - Parameter sections: those that are wanted, as groups and scores of a large network are megabytes; nil for all.
    /// - Throws: ``StorageError/notFound(_:id:)``
    public func metrics(of id: String, sections: [String]? = nil) throws(StorageError) -> [String: String] {
        try database.read("read a job's metrics") { rows in
            _ = try job(id, in: rows)
            let wanted = sections.map { "AND section IN (\(databaseQuestionMarks(count: $0.count)))" } ?? ""
            let found = try Row.fetchAll(
                rows, sql: "SELECT section, value FROM job_metrics WHERE job = ? \(wanted)",
                arguments: StatementArguments([id] + (sections ?? [])))
            return Dictionary(uniqueKeysWithValues: found.map { ($0[0] as String, $0[1] as String) })
        }
    }

    /// Appends points to a series of a running job; a point at an `x` that is there already replaces it.
    /// - Throws: ``StorageError/wrongState(job:doing:expected:found:)`` unless it is running.
    public func append(_ points: [(x: Int, point: String)], toSeries series: String, of id: String) throws(StorageError) {
        try database.write("append to a series") { rows in
            try expectRunning(id, doing: "append to a series of", in: rows)
            try insert(points, series: series, job: id, in: rows)
        }
    }

    /// The points (JSON) of a series in order of `x`; when there are more than `limit` of them, `limit` (at least 2) evenly
    /// spaced ones, the first and the last always among them. Empty when there is no such series.
    /// - Throws: ``StorageError/notFound(_:id:)``
    public func series(_ series: String, of id: String, limit: Int? = nil) throws(StorageError) -> [String] {
        try database.read("read a series") { rows in
            _ = try job(id, in: rows)
            let arguments: StatementArguments = [id, series]
            let count = try Int.fetchOne(rows, sql: "SELECT COUNT(*) FROM job_series WHERE job = ? AND series = ?", arguments: arguments)!
            let kept = min(count, max(2, limit ?? count))
            let cursor = try String.fetchCursor(
                rows, sql: "SELECT point FROM job_series WHERE job = ? AND series = ? ORDER BY x", arguments: arguments)
            var points: [String] = []
            points.reserveCapacity(kept)
            var index = 0
            while let point = try cursor.next() {
                // Point k of kept stands at round-down(k (count - 1) / (kept - 1)): 0 for the first, count - 1 for the last.
                if kept == count || index == points.count * (count - 1) / (kept - 1) { points.append(point) }
                index += 1
            }
            return points
        }
    }

    /// The first `limit` points (JSON) of a series behind `x`, in order.
    public func series(_ series: String, of id: String, after x: Int, limit: Int) throws(StorageError) -> [(x: Int, point: String)] {
        try database.read("read a series") { rows in
            try Row.fetchAll(
                rows, sql: "SELECT x, point FROM job_series WHERE job = ? AND series = ? AND x > ? ORDER BY x LIMIT ?",
                arguments: [id, series, x, limit]
            ).map { ($0[0], $0[1]) }
        }
    }

    /// The last `x` of a series; nil when it has no points.
    public func seriesEnd(_ series: String, of id: String) throws(StorageError) -> Int? {
        try database.read("read a series") { rows in
            try Int.fetchOne(rows, sql: "SELECT MAX(x) FROM job_series WHERE job = ? AND series = ?", arguments: [id, series])
        }
    }

    /// Keeps a file that a running job made, in place of an earlier one of the same name.
    /// - Throws: ``StorageError/wrongState(job:doing:expected:found:)`` unless it is running.
    public func addFile(_ id: String, name: String, blob: StoredBlob) throws(StorageError) {
        let replaced = try database.write("add a job's file") { rows in
            try expectRunning(id, doing: "add a file to", in: rows)
            let replaced = try files(of: id, in: rows).filter { $0.name == name }.map(\.digest)
            try rows.execute(
                sql: """
                    INSERT INTO job_files (job, name, digest, size) VALUES (?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET digest = excluded.digest, size = excluded.size
                    """, arguments: [id, name, blob.digest.hex, blob.size])
            return replaced
        }
        database.blobs.collect(replaced)
    }

    /// The files the job made, by name.
    /// - Throws: ``StorageError/notFound(_:id:)``
    public func files(of id: String) throws(StorageError) -> [JobFile] {
        try database.read("list a job's files") { rows in
            _ = try job(id, in: rows)
            return try files(of: id, in: rows)
        }
    }

    /// One of the files the job made.
    /// - Throws: ``StorageError/notFound(_:id:)``, of the job or of the file.
    public func file(_ name: String, of id: String) throws(StorageError) -> JobFile {
        guard let file = try files(of: id).first(where: { $0.name == name }) else { throw .notFound(.file, id: name) }
        return file
    }

    func expectRunning(_ id: String, doing: String, in rows: GRDB.Database) throws {
        let found = try job(id, in: rows).status
        guard found == .running else { throw StorageError.wrongState(job: id, doing: doing, expected: [.running], found: found) }
    }

    func insert(_ points: [(x: Int, point: String)], series: String, job id: String, in rows: GRDB.Database) throws {
        let statement = try rows.cachedStatement(sql: "INSERT OR REPLACE INTO job_series (job, series, x, point) VALUES (?, ?, ?, ?)")
        for (x, point) in points { try statement.execute(arguments: [id, series, x, point]) }
    }
}
