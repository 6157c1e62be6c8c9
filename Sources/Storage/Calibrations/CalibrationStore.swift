import GRDB

/// What passes of scoring found, each by all that it depends on: whoever asks for the same need not score again. Nothing needs one: it goes
/// with its checkpoint, with its data set, and when nobody has used it for long.
public struct CalibrationStore: Sendable {
    let database: Database

    /// Keeps what a pass found, in place of what was kept under the same key.
    ///
    /// - Parameters:
    ///   - key: of all that it depends on.
    ///   - checkpoint, dataset: of what, nil where there were no pictures; where one of them is gone meanwhile, nothing is kept.
    ///   - job: whose pass it was.
    public func keep(_ key: BlobDigest, checkpoint: String, dataset: String?, job: String, _ blob: StoredBlob) throws(StorageError) {
        let replaced = try database.write("keep what was scored") { rows in
            let replaced = try rows.remove(from: "calibrations", where: "key = ?", [key.hex])
            try rows.execute(
                sql: """
                    INSERT INTO calibrations (key, checkpoint, dataset, job, digest, size, used_at) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
                        WHERE EXISTS (SELECT 1 FROM checkpoints WHERE id = ?2)
                            AND (?3 IS NULL OR EXISTS (SELECT 1 FROM datasets WHERE id = ?3))
                    """,
                arguments: [key.hex, checkpoint, dataset, job, blob.digest.hex, blob.size, Timestamp.now().milliseconds])
            return replaced + (rows.changesCount == 1 ? [] : [blob.digest])
        }
        database.blobs.collect(replaced)
    }

    /// What a pass found that depended on the same; nil where there is none.
    public func find(_ key: BlobDigest) throws(StorageError) -> Calibration? {
        try database.read("look for what was scored") { rows in
            try Row.fetchOne(rows, sql: "SELECT * FROM calibrations WHERE key = ?", arguments: [key.hex]).map { try Calibration($0) }
        }
    }

    /// Notes that a job uses it: it is kept from now on as if it were new.
    public func noteUse(_ key: BlobDigest) throws(StorageError) {
        try database.write("note that what was scored is used") { rows in
            try rows.execute(
                sql: "UPDATE calibrations SET used_at = ? WHERE key = ?", arguments: [Timestamp.now().milliseconds, key.hex])
        }
    }

    /// Removes it, and its contents.
    func delete(_ key: String) throws(StorageError) {
        let digests = try database.write("remove what was scored") { try $0.remove(from: "calibrations", where: "key = ?", [key]) }
        database.blobs.collect(digests)
    }
}
