import Documents
import Engine
import Foundation
import Storage

/// A checkpoint in the store.
package struct StoredCheckpoint {
    let database: Database
    let record: CheckpointRecord
    let descriptor: CheckpointDescriptor
    /// The network of it that is meant.
    let place: NetworkPlace

    /// - Parameter component: the network that is meant; nil is what the checkpoint is of.
    /// - Throws: ``StorageError/notFound(_:id:)``; ``ComponentError`` where it has no such network.
    package init(_ database: Database, _ id: String, component: Component? = nil) throws {
        self.database = database
        record = try database.checkpoints.get(id)
        descriptor = try CheckpointDescriptor(record)
        place = try NetworkPlace(record.files.map(\.path), architecture: descriptor.architecture, component)
    }

    /// Bytes of all files.
    var size: Int { descriptor.size }

    /// The number formats of the weights.
    func formats() throws -> NumberFormats { NumberFormats(of: try network().tensors) }

    /// SHA-256 of the weights' file, in hexadecimal: what a plan is tied to.
    var weightsDigest: String { weightsFile?.digest.hex ?? "" }
    /// Bytes of the weights' file.
    var weightsSize: Int { Int(weightsFile?.size ?? 0) }

    private var weightsFile: CheckpointRecord.File? {
        let path = (try? weightsPath) ?? place.storedWeights
        return record.files.first { $0.path == path }
    }

    /// The file, or the index of the files, that the network's weights are in.
    private var weightsPath: String {
        get throws {
            place.isMain ? place.storedWeights : try weightsPath(in: String(place.folder.dropLast()), of: .diffusers)
        }
    }

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
        let own = (try? url(weightsPath)).map { WeightsFile.openingCost(path: $0.path) } ?? 0
        return (place.isMain ? own : max(own, componentsCost)) + Self.graphCost
    }

    /// Of the largest network that a configuration can describe, and of its configuration.
    static let graphCost = 16 << 20

    /// The model with its weights.
    func load() throws -> DiffusionCheckpoint {
        try DiffusionCheckpoint(
            config: data(place.config), weights: network(), scheduler: place.scheduler.map(data), as: place.architecture)
    }

    /// The model without its weights' numbers.
    func architecture() throws -> (model: any Architecture, schedule: NoiseSchedule?) {
        try DiffusionCheckpoint.architecture(
            config: data(place.config), weights: network(), scheduler: place.scheduler.map(data), as: place.architecture)
    }

    /// Checks, before any number is read, that the weights are the network's.
    ///
    /// - Throws: ``CheckpointError``.
    func checkTensors() throws {
        _ = try UploadedWeights(config: data(place.config), weights: network(), scheduler: place.scheduler.map(data))
    }

    /// The tensors of the network that is meant.
    private func network() throws -> any TensorSource {
        guard place.isMain else { return try source(weightsPath, in: String(place.folder.dropLast())) }
        do { return try weights() } catch let error as SafeTensorsError { throw CheckpointError.weights(error) }
    }

    /// The weights' file of what the checkpoint is of, for reading tensors one at a time.
    func weights() throws -> SafeTensorsReader {
        try SafeTensorsReader(path: url(place.isMain ? place.storedWeights : DiffusersLayout.Path.weights).path)
    }

    /// Holds a file for another checkpoint, once its bytes are known to be what was stored.
    func held(_ file: CheckpointRecord.File) throws -> StoredBlob {
        try open(file).close()
        return try database.blobs.hold(file.digest)
    }
}
