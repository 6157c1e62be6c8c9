import Documents
import Engine
import Files
import Foundation
import Media
import Storage

/// A checkpoint's pipeline as it is stored, but for the numbers of its weights, which come in another format.
package struct WeightsConversion {
    private let checkpoint: StoredCheckpoint
    private let type: JobRequest.WeightType

    /// The conversion of a stored checkpoint.
    package init(_ checkpoint: StoredCheckpoint, to type: JobRequest.WeightType) {
        (self.checkpoint, self.type) = (checkpoint, type)
    }

    /// Bytes of memory that ``items()`` takes at most.
    package var cost: Int { checkpoint.layoutCost + checkpoint.componentsCost }

    /// The folder's files.
    ///
    /// - Throws: ``CheckpointError``, ``StorageError``.
    package func items() throws -> [ArchiveItem] {
        var converted: [String: ArchiveItem] = [:]
        for file in checkpoint.record.files where file.path.hasSuffix(".safetensors") {
            guard let item = try weights(file) else { continue }
            converted[file.path] = item
            // What transformers and diffusers were told of their numbers.
            let config = file.path.split(separator: "/").dropLast().joined(separator: "/") + "/config.json"
            if converted[config] == nil, let item = try self.config(config) { converted[config] = item }
        }
        return checkpoint.record.files.map { converted[$0.path] ?? checkpoint.item($0) }
    }

    /// A file of weights in the other format; nil where it is so already.
    private func weights(_ file: CheckpointRecord.File) throws -> ArchiveItem? {
        let reader = try SafeTensorsReader(path: checkpoint.url(file.path).path)
        let isNetwork = file.path == DiffusersLayout.Path.weights
        let fixed = try isNetwork ? checkpoint.architecture().model.graph.parameters.filter { !$0.isTrained }.map(\.name) : []
        let converted = try ConvertedWeights(reader, to: type.scalar, keeping: Set(fixed))
        guard !converted.isSame else { return nil }
        let written = try checkpoint.database.blobs.temporaryFile()
        try converted.write { try written.write($0) }
        try written.flush()
        // It stays readable when its name is gone.
        let opened = try OpenFile(written.url)
        return ArchiveItem(path: file.path, size: opened.size) { opened }
    }

    /// A configuration that tells its weights' format, telling the other; nil where there is none.
    private func config(_ path: String) throws -> ArchiveItem? {
        guard checkpoint.record.files.contains(where: { $0.path == path }),
            let json = try? JSON(parsing: Array(try checkpoint.data(path)), maximumValues: 100_000)
        else { return nil }
        let told = ["dtype", "torch_dtype"].filter { if case .string? = json[$0] { true } else { false } }
        guard !told.isEmpty else { return nil }
        let changed = json.replacing(Dictionary(uniqueKeysWithValues: told.map { ($0, JSON.string(type.rawValue)) }))
        return ArchiveItem(path: path, bytes: Array((changed.pretty).utf8))
    }
}

extension StoredCheckpoint {
    /// One of its files as it is stored.
    package func item(_ file: CheckpointRecord.File) -> ArchiveItem {
        let (blobs, id) = (database.blobs, record.id)
        return ArchiveItem(path: file.path, size: file.size) { try OpenFile(blobs, file.digest, of: .checkpoint, id, file: file.path) }
    }
}
