import GRDB

/// Where a job's phase stands on the disk, so that another attempt goes on from there.
public struct JobSave: Sendable, Equatable {
    /// The phase that it goes on in.
    public let phase: JobPhase
    /// Steps done.
    public let completed: Int
    /// The state in the worker's own format.
    public let digest: BlobDigest
    /// Its bytes.
    public let size: Int64

    init(_ row: Row) throws {
        guard let phase = JobPhase(rawValue: row["phase"]) else {
            throw StorageError.database(doing: "read a save", found: "phase \(row["phase"] as String)")
        }
        self.phase = phase
        completed = row["completed"]
        digest = try row.digest("digest")
        size = row["size"]
    }
}
