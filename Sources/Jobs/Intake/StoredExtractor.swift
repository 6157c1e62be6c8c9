import Engine
import Foundation
import Storage

/// A network in the store that makes features of pictures, laid out; its weights are read when it is to run.
package struct StoredExtractor: Sendable {
    /// Its identifier.
    let id: String
    /// SHA-256 of its file.
    let digest: String
    /// Whether it has the weights by which an FID is measured.
    let isPublished: Bool
    let checkpoint: InceptionCheckpoint

    /// Opens one, whose file holds what was stored.
    ///
    /// - Throws: ``StorageError``, ``CheckpointError``.
    init(_ file: EvaluationFile, in database: Database) throws {
        (id, digest, isPublished) = (file.record.id, file.record.digest.hex, file.isPublished)
        checkpoint = try InceptionCheckpoint(
            weights: try WeightsFile.open(path: try file.path(in: database.blobs), name: EvaluationFile.fileName))
    }

    /// Bytes of memory that opening it takes at most.
    static func openingCost(_ file: EvaluationFile, in database: Database) -> Int {
        WeightsFile.openingCost(path: database.blobs.url(for: file.record.digest).path)
    }
}
