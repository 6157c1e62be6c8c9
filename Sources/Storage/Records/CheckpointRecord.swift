import GRDB

/// A stored checkpoint: a folder of files and what the Server knows about them.
public struct CheckpointRecord: Sendable, Equatable {
    /// One file of the folder.
    public struct File: Sendable, Equatable {
        /// Its path within the pipeline folder, such as `unet/config.json`.
        public let path: String
        /// Its contents.
        public let digest: BlobDigest
        /// Bytes.
        public let size: Int64
    }

    /// `ckpt_…`
    public let id: String
    /// The name it was given.
    public let name: String
    /// When it was stored.
    public let createdAt: Timestamp
    /// JSON that the store keeps and does not read.
    public let descriptor: String
    /// In the order they were given.
    public let files: [File]

    init(_ row: Row, files: [File]) {
        id = row["id"]
        name = row["name"]
        createdAt = Timestamp(milliseconds: row["created_at"])
        descriptor = row["descriptor"]
        self.files = files
    }
}
