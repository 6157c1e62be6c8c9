import Documents
import Engine
import Foundation
import Storage

/// A checkpoint in the store.
package struct StoredCheckpoint {
    let database: Database
    let record: CheckpointRecord
    let descriptor: CheckpointDescriptor

    /// - Throws: ``StorageError/notFound(_:id:)``.
    package init(_ database: Database, _ id: String) throws {
        self.database = database
        record = try database.checkpoints.get(id)
        descriptor = try CheckpointDescriptor(record)
    }

    /// Bytes of all files.
    var size: Int { descriptor.size }

    /// The number formats of the weights.
    func formats() throws -> NumberFormats { NumberFormats(of: try weights().tensors) }

    /// SHA-256 of the weights' file, in hexadecimal: what a plan is tied to.
    var weightsDigest: String { weightsFile?.digest.hex ?? "" }
    /// Bytes of the weights' file.
    var weightsSize: Int { Int(weightsFile?.size ?? 0) }

    private var weightsFile: CheckpointRecord.File? { record.files.first { $0.path == DiffusersLayout.Path.weights } }

    private func file(_ path: String) throws -> CheckpointRecord.File {
        guard let file = record.files.first(where: { $0.path == path }) else { throw CheckpointError.missingFile(expected: path) }
        return file
    }

    /// Opens a file that holds what was stored.
    ///
    /// - Throws: ``StorageError/damaged(_:id:file:found:)``.
    func open(_ file: CheckpointRecord.File) throws -> FileHandle {
        FileHandle(
            fileDescriptor: try database.blobs.open(file.digest, of: .checkpoint, record.id, file: file.path), closeOnDealloc: true)
    }

    /// Where a file is that holds what was stored.
    func url(_ path: String) throws -> URL {
        let file = try file(path)
        try open(file).close()
        return database.blobs.url(for: file.digest)
    }

    func data(_ path: String) throws -> Data { try open(file(path)).readToEnd() ?? Data() }

    /// Throws for what is known to be damaged, without reading it.
    ///
    /// - Throws: ``StorageError/damaged(_:id:file:found:)``.
    func refuseKnownDamage() throws {
        for file in record.files {
            try database.blobs.refuseKnownDamage(file.digest, size: file.size, of: .checkpoint, record.id, file: file.path)
        }
    }

    /// Bytes of memory that ``architecture()`` and the walks over its graph take at most.
    package var layoutCost: Int {
        (try? url(DiffusersLayout.Path.weights)).map { WeightsFile.openingCost(path: $0.path) + Self.graphCost } ?? Self.graphCost
    }

    /// Of the largest network that a configuration can describe, and of its configuration.
    static let graphCost = 16 << 20

    /// The model with its weights.
    func load() throws -> DiffusionCheckpoint {
        try DiffusionCheckpoint(
            config: data(DiffusersLayout.Path.config), weights: url(DiffusersLayout.Path.weights).path,
            scheduler: data(DiffusersLayout.Path.scheduler))
    }

    /// The model without its weights' numbers.
    func architecture() throws -> (model: any Architecture, schedule: NoiseSchedule) {
        try DiffusionCheckpoint.architecture(
            config: data(DiffusersLayout.Path.config), weights: url(DiffusersLayout.Path.weights).path,
            scheduler: data(DiffusersLayout.Path.scheduler))
    }

    /// The weights' file, for reading tensors one at a time.
    func weights() throws -> SafeTensorsReader { try SafeTensorsReader(path: url(DiffusersLayout.Path.weights).path) }

    /// Holds a file for another checkpoint, once its bytes are known to be what was stored.
    func held(_ file: CheckpointRecord.File) throws -> StoredBlob {
        try open(file).close()
        return try database.blobs.hold(file.digest)
    }
}
