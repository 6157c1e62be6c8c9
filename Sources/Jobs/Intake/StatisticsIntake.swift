import Documents
import Engine
import Foundation
import Storage

/// Makes stored statistics of an uploaded `.npz`.
package struct StatisticsIntake {
    private let database: Database
    private let memory: RequestMemory

    /// Takes in for a store.
    package init(database: Database, memory: RequestMemory = .unlimited) {
        self.database = database
        self.memory = memory
    }

    /// Checks and stores.
    ///
    /// - Parameters:
    ///   - path: of the file.
    ///   - upload: what it came from, which goes then.
    ///   - owner: whose it is.
    ///   - answer: to be kept with the statistics.
    /// - Throws: ``JobsError``, ``StorageError``, ``RequestMemoryError``, ``ArchiveError``.
    package func store(
        path: String, name: String?, consuming upload: HeldUpload? = nil, owner: Owner? = nil,
        answer: KeptAnswer<EvaluationFileRecord>? = nil
    ) throws -> EvaluationFileRecord {
        let blob = try EvaluationFile.blob(of: path, in: database.blobs, atMost: StatisticsFile.largest)
        let descriptor: JSON = try memory.work(StatisticsFile.readingCost(path: path), for: "the statistics") {
            do { return ["features": .integer(try StatisticsFile.read(path: path).mean.count)] } catch let error as StatisticsError {
                throw JobsError.invalidStatistics(error)
            }
        }
        return try database.statistics.insert(
            name: name ?? "statistics", descriptor: descriptor.compact, blob, consuming: upload, owner: owner, answer: answer)
    }
}
