import GRDB

/// What a phase of a job left for the phases after it.
public struct JobKeeping: Sendable, Equatable {
    /// It, in the worker's own format.
    public let digest: BlobDigest
    /// Its bytes.
    public let size: Int64

    init(_ row: Row) throws {
        digest = try row.digest("digest")
        size = row["size"]
    }
}
