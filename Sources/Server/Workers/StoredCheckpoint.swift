import Documents
import Engine
import Foundation
import Storage

/// A checkpoint in the store, and the way results that come from it are stored beside it.
struct StoredCheckpoint {
    private let database: Database
    let record: CheckpointRecord
    let descriptor: CheckpointDescriptor

    /// - Throws: ``StorageError/notFound(_:id:)``.
    init(_ database: Database, _ id: String) throws {
        self.database = database
        record = try database.checkpoints.get(id)
        descriptor = try CheckpointDescriptor(record)
    }

    /// Bytes of all files.
    var size: Int { descriptor.size }

    /// The number format of the weights.
    var type: ScalarType { descriptor.type }

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
    private func open(_ file: CheckpointRecord.File) throws -> FileHandle {
        FileHandle(
            fileDescriptor: try database.blobs.open(file.digest, of: .checkpoint, record.id, file: file.path), closeOnDealloc: true)
    }

    /// Where a file is that holds what was stored.
    private func url(_ path: String) throws -> URL {
        let file = try file(path)
        try open(file).close()
        return database.blobs.url(for: file.digest)
    }

    private func data(_ path: String) throws -> Data { try open(file(path)).readToEnd() ?? Data() }

    /// Throws for what is known to be damaged, without reading it.
    ///
    /// - Throws: ``StorageError/damaged(_:id:file:found:)``.
    func refuseKnownDamage() throws {
        for file in record.files {
            try database.blobs.refuseKnownDamage(file.digest, size: file.size, of: .checkpoint, record.id, file: file.path)
        }
    }

    /// Bytes of memory that ``architecture()`` and the walks over its graph take at most.
    var layoutCost: Int {
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

    /// What a job's result has of its own; every other file it has from the checkpoint it comes from.
    private static let replaced: Set = [
        DiffusersLayout.Path.config, DiffusersLayout.Path.weights, ResultManifest.path, FreeWidthsLoader.path,
    ]

    /// Stores a job's result and notes it with the job: new config, weights and manifest, every other file as this checkpoint has it.
    func store(_ result: DiffusionCheckpoint, job: Job, manifest: ResultManifest) throws -> StoredCheckpoint {
        var files = try record.files.filter { !Self.replaced.contains($0.path) }.map { (path: $0.path, blob: try copy($0)) }
        files.append((DiffusersLayout.Path.config, try blob(Array(result.trained.model.config))))
        files.append((ResultManifest.path, try blob(Array(manifest.json.pretty.utf8))))
        if result.trained.model.freeWidths { files.append((FreeWidthsLoader.path, try blob(FreeWidthsLoader.bytes))) }
        let weights = try database.blobs.writer()
        try result.writeWeights { try weights.write($0) }
        files.append((DiffusersLayout.Path.weights, try weights.finish()))
        files.sort { $0.path < $1.path }
        let size = files.reduce(0) { $0 + $1.blob.size }
        let source: JSON = ["kind": "job", "job": .string(job.id), "stage": .string(manifest.stage.rawValue)]
        let stored = try database.jobs.addResult(
            job.id, manifest.stage == .pruned ? .pruned : .finetuned, name: "\(job.name ?? record.name) (\(manifest.stage.rawValue))",
            descriptor: CheckpointDescriptor(result, isLatent: descriptor.isLatent, size: size, source: source).json.compact, files: files)
        return try StoredCheckpoint(database, stored.id)
    }

    private func blob(_ bytes: [UInt8]) throws -> StoredBlob {
        let writer = try database.blobs.writer()
        try writer.write(bytes)
        return try writer.finish()
    }

    /// Holds a file's bytes for another checkpoint: they are small next to the weights, and stored once.
    private func copy(_ file: CheckpointRecord.File) throws -> StoredBlob {
        let writer = try database.blobs.writer()
        let handle = try open(file)
        defer { try? handle.close() }
        while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty { try writer.write(Array(chunk)) }
        return try writer.finish()
    }
}
