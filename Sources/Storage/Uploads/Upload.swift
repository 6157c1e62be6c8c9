import GRDB

/// An upload that comes in pieces, and can be gone on with after a cut.
public struct Upload: Sendable, Equatable {
    /// `upl_…`
    public let id: String
    /// Bytes that are to come in all.
    public let length: Int64
    /// Bytes that are on the disk for good.
    public let offset: Int64
    /// What the client said of it; the store does not read it.
    public let metadata: String
    /// When it began.
    public let createdAt: Timestamp
    /// When it is removed, unless more comes.
    public let expiresAt: Timestamp

    /// Whether all bytes are here.
    public var isComplete: Bool { offset == length }

    init(_ row: Row) {
        id = row["id"]
        length = row["length"]
        offset = row["offset"]
        metadata = row["metadata"]
        createdAt = Timestamp(milliseconds: row["created_at"])
        expiresAt = Timestamp(milliseconds: row["expires_at"])
    }
}
