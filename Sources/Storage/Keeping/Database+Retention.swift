import GRDB

/// How long things are kept that no one uses; nil is forever.
public struct Retention: Sendable, Equatable {
    /// Milliseconds since a job ended, or since a checkpoint or dataset was made or a job last used it.
    public var age: Int64?
    /// Bytes that all blobs together may take; beyond it what was not used for longest goes first.
    public var bytes: Int64?
    /// Milliseconds since a file that no row named was put aside.
    public var asideAge: Int64?

    /// Limits; 0 is none.
    public init(days: Int, bytes: Int64, asideDays: Int = 0) {
        age = Self.milliseconds(days)
        self.bytes = bytes > 0 ? bytes : nil
        asideAge = Self.milliseconds(asideDays)
    }

    private static func milliseconds(_ days: Int) -> Int64? { days > 0 ? Int64(min(days, 1_000_000)) * 86_400_000 : nil }
}

extension Database {
    /// What ``collectGarbage(_:)`` removed.
    public struct Collection: Sendable, Equatable {
        /// Identifiers of jobs, checkpoints, datasets, extractors and statistics, and `calibration KEY` for what was scored, in the order in which
        /// they went.
        public internal(set) var removed: [String] = []
        /// Files that nothing referred to, which were put aside.
        public internal(set) var setAside = BlobStore.Amount()
        /// What had lain aside for longer than it is to, and was removed.
        public internal(set) var removedAside = BlobStore.Amount()
        /// The days on which it was put there.
        public internal(set) var removedDays: [String] = []
        /// The system's clock where it is not believed.
        public internal(set) var leap: StoreClock.Leap?
        /// What would have gone by that clock.
        public internal(set) var spared: [String] = []
        /// Bytes of the blobs that are left.
        public internal(set) var bytesKept: Int64 = 0
    }

    /// Removes what is kept no longer: finished jobs, and checkpoints, datasets and what else no live job needs, each as its own `delete`
    /// does; puts files aside that nothing refers to, and removes those that have lain there for long.
    public func collectGarbage(_ retention: Retention, now: Timestamp = .now()) throws(StorageError) -> Collection {
        var result = Collection()
        result.leap = clock.leap(now)
        let (system, now) = (now, clock.time(now))
        result.bytesKept = try storedBytes()
        for candidate in try candidates() {
            guard Self.isKeptNoLonger(age: now.milliseconds - candidate.lastUsed, stored: result.bytesKept, retention) else {
                if let limit = retention.age, system.milliseconds - candidate.lastUsed >= limit { result.spared.append(candidate.name) }
                continue
            }
            do throws(StorageError) {
                switch candidate.kind {
                case "calibration": try calibrations.delete(candidate.id)
                case "job": try jobs.delete(candidate.id)
                case "checkpoint": try checkpoints.delete(candidate.id)
                case "extractor": try extractors.delete(candidate.id)
                case "statistics": try statistics.delete(candidate.id)
                default: try datasets.delete(candidate.id)
                }
                result.removed.append(candidate.name)
            } catch {
                // Deleted by its owner, or taken up by a job, since it was looked for.
                switch error {
                case .notFound, .inUse, .wrongState: break
                default: throw error
                }
            }
            result.bytesKept = try storedBytes()
        }
        result.setAside = try blobs.setAsideUnreferenced(on: now.day)
        if let age = retention.asideAge { try removeAside(before: now.milliseconds - age, &result) }
        result.bytesKept = try storedBytes()
        return result
    }

    /// Removes what was put aside on days that had ended by then.
    private func removeAside(before time: Int64, _ result: inout Collection) throws(StorageError) {
        let first = Timestamp(milliseconds: time).day
        for day in try blobs.folder.aside.days() where day.name < first {
            try blobs.folder.aside.remove(day)
            result.removedAside.files += day.files
            result.removedAside.bytes += day.bytes
            result.removedDays.append(day.name)
        }
    }

    /// What was used in the last hour does not go for want of room: someone is about to use it.
    private static let grace: Int64 = 3_600_000

    private static func isKeptNoLonger(age: Int64, stored: Int64, _ retention: Retention) -> Bool {
        if let limit = retention.age, age >= limit { return true }
        guard let limit = retention.bytes, age >= grace else { return false }
        return stored > limit
    }

    /// Bytes of all blobs that rows refer to, each once, without manifests.
    public func storedBytes() throws(StorageError) -> Int64 {
        try read("count stored bytes") { rows in
            try Int64.fetchOne(
                rows, sql: "SELECT COALESCE(SUM(size), 0) FROM (SELECT MAX(size) AS size FROM (\(Self.contents)) GROUP BY digest)")!
        }
    }

    /// What could go, the longest unused first; of the same moment what can be made again, then jobs before checkpoints before datasets
    /// before files of evaluations.
    private func candidates() throws(StorageError) -> [(kind: String, id: String, name: String, lastUsed: Int64)] {
        try read("look for what is not used") { rows in
            try Row.fetchAll(
                rows,
                sql: """
                    SELECT 'calibration' AS kind, key AS id, 'calibration ' || key AS name, used_at AS used, 0 AS place FROM calibrations
                    UNION ALL SELECT 'job', id, id, finished_at, 1 FROM jobs WHERE NOT (\(Self.live))
                    UNION ALL SELECT 'checkpoint', id, id, MAX(created_at, COALESCE((SELECT MAX(COALESCE(finished_at, created_at)) FROM jobs
                        WHERE checkpoint = c.id OR result_checkpoint = c.id OR result_pruned = c.id), 0)), 2 FROM checkpoints c
                    UNION ALL SELECT 'dataset', id, id, MAX(created_at, COALESCE((SELECT MAX(COALESCE(finished_at, created_at)) FROM jobs
                        WHERE dataset = d.id OR reference = d.id), 0)), 3 FROM datasets d
                    UNION ALL SELECT kind, id, id, MAX(created_at, COALESCE((SELECT MAX(COALESCE(finished_at, created_at)) FROM jobs
                        WHERE extractor = f.id OR reference = f.id), 0)), 4 FROM evaluation_files f
                    ORDER BY used, place, id
                    """
            ).map { ($0["kind"], $0["id"], $0["name"], $0["used"]) }
        }
    }
}
