import Documents
import Engine
import Foundation
import Storage

/// Makes a stored extractor of an uploaded weights file: every tensor is read once, so that a job never meets one that gives no features.
package struct ExtractorIntake {
    private let database: Database
    private let memory: RequestMemory

    /// More than the published file has twenty times over.
    private static let largest: Int64 = 2 << 30

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
    ///   - answer: to be kept with the extractor.
    /// - Throws: ``JobsError``, ``StorageError``, ``RequestMemoryError``.
    package func store(
        path: String, name: String?, consuming upload: HeldUpload? = nil, owner: Owner? = nil,
        answer: KeptAnswer<EvaluationFileRecord>? = nil
    ) throws -> EvaluationFileRecord {
        let blob = try EvaluationFile.blob(of: path, in: database.blobs, atMost: Self.largest)
        let descriptor: JSON
        do {
            let opening = WeightsFile.openingCost(path: path)
            func open() throws -> InceptionCheckpoint {
                try InceptionCheckpoint(weights: try WeightsFile.open(path: path, name: EvaluationFile.fileName))
            }
            // How much checking the numbers takes is known once it was opened.
            let checking = try memory.work(opening, for: "the header of the weights") { try open().checkingCost }
            descriptor = try memory.work(opening + checking, for: "the weights") {
                let checkpoint = try open()
                try checkpoint.check()
                return [
                    "architecture": "InceptionV3", "features": .integer(checkpoint.model.features),
                    "parameters": .integer(checkpoint.model.graph.parameterCount),
                ]
            }
        } catch let error as CheckpointError { throw JobsError.invalidExtractor(error) }
        return try database.extractors.insert(
            name: name ?? "extractor", descriptor: descriptor.compact, blob, consuming: upload, owner: owner, answer: answer)
    }
}
