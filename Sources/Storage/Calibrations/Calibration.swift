import GRDB

/// What a pass of scoring found, kept for other jobs that ask for the same.
public struct Calibration: Sendable, Equatable {
    /// The job whose pass it was. It may be gone.
    public let job: String
    /// It, in the worker's own format.
    public let digest: BlobDigest
    /// Its bytes.
    public let size: Int64

    init(_ row: Row) throws {
        job = row["job"]
        digest = try row.digest("digest")
        size = row["size"]
    }
}
