import GRDB

/// A stored dataset: one pack of encoded pictures, one after the other, and what the Server knows about them.
public struct DatasetRecord: Sendable, Equatable {
    /// Where one picture is in the pack, and what is said of it.
    public struct Picture: Sendable, Equatable {
        /// Its path in the uploaded archive.
        public let path: String
        /// Where its bytes begin in the pack.
        public let offset: Int64
        /// How many there are.
        public let length: Int64
        /// The number of its class; nil where nothing but its folder tells it.
        public let classNumber: Int?
        /// What it shows, in words; nil where nobody said.
        public let caption: String?

        /// The picture `path` at `offset` in the pack.
        public init(path: String, offset: Int64, length: Int64, classNumber: Int? = nil, caption: String? = nil) {
            self.path = path
            self.offset = offset
            self.length = length
            self.classNumber = classNumber
            self.caption = caption
        }
    }

    /// `data_…`
    public let id: String
    /// The name it was given.
    public let name: String
    /// When it was stored.
    public let createdAt: Timestamp
    /// JSON that the store keeps and does not read.
    public let descriptor: String
    /// The pack's contents.
    public let pack: BlobDigest
    /// The pack's size in bytes.
    public let packSize: Int64
    /// The contents of a safetensors file with an embedding of each picture; nil where there is none.
    public let embeddings: BlobDigest?
    /// That file's size in bytes.
    public let embeddingsSize: Int64

    /// What errors call that file.
    public static let embeddingsName = "embeddings.safetensors"

    init(_ row: Row) throws {
        id = row["id"]
        name = row["name"]
        createdAt = Timestamp(milliseconds: row["created_at"])
        descriptor = row["descriptor"]
        pack = try row.digest("pack_digest")
        packSize = row["pack_size"]
        embeddings = try (row["embeddings_digest"] as String?).map { _ in try row.digest("embeddings_digest") }
        embeddingsSize = row["embeddings_size"] ?? 0
    }
}
