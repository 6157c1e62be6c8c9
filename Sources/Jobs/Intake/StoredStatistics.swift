import Engine
import Storage

/// Statistics of features in the store, which samples are compared with.
struct StoredStatistics {
    /// Their identifier.
    let id: String
    private let path: String

    /// Finds those whose file holds what was stored.
    ///
    /// - Throws: ``StorageError``.
    init(_ database: Database, _ id: String) throws {
        self.id = id
        path = try EvaluationFile(try database.statistics.get(id)).path(in: database.blobs)
    }

    /// Reads them.
    func load() throws -> FeatureStatistics { try StatisticsFile.read(path: path) }
}
