import GRDB

/// A stored file that evaluations go by.
public struct EvaluationFileRecord: Sendable, Equatable {
    /// What such a file is.
    public enum Kind: String, Sendable, CaseIterable {
        /// Weights of a network that makes features of pictures.
        case extractor
        /// The mean and the covariance of features of pictures.
        case statistics

        var prefix: Identifier.Prefix {
            switch self {
            case .extractor: .extractor
            case .statistics: .statistics
            }
        }

        /// The same among all kinds of things.
        public var stored: StorageError.Kind {
            switch self {
            case .extractor: .extractor
            case .statistics: .statistics
            }
        }
    }

    /// What it is.
    public let kind: Kind
    /// `extr_…` or `stat_…`
    public let id: String
    /// The name it was given.
    public let name: String
    /// When it was stored.
    public let createdAt: Timestamp
    /// JSON that the store keeps and does not read.
    public let descriptor: String
    /// The file's contents.
    public let digest: BlobDigest
    /// The file's size in bytes.
    public let size: Int64

    init(_ row: Row) throws {
        guard let kind = Kind(rawValue: row["kind"]) else {
            throw StorageError.database(doing: "read a file of evaluations", found: "kind \(row["kind"] as String)")
        }
        self.kind = kind
        id = row["id"]
        name = row["name"]
        createdAt = Timestamp(milliseconds: row["created_at"])
        descriptor = row["descriptor"]
        digest = try row.digest("digest")
        size = row["size"]
    }
}
