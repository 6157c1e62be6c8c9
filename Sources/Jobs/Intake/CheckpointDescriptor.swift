import Documents
import Engine
import Storage

/// What the API says of a checkpoint beyond its name and files; kept as JSON in its record.
package struct CheckpointDescriptor {
    /// As it is kept.
    package let json: JSON

    /// Reads what a record keeps.
    package init(_ record: CheckpointRecord) throws {
        json = try JSON(parsing: Array(record.descriptor.utf8)).warning()
    }

    /// Describes a checkpoint that was just made.
    ///
    /// - Parameter assumptions: what it has from the one that it was made of.
    init(_ checkpoint: DiffusionCheckpoint, tokens: Int?, isLatent: Bool, size: Int64, source: JSON, _ assumptions: [Warning] = []) {
        self.init(
            checkpoint.trained.model, tokens: tokens, type: checkpoint.formats.common, isLatent: isLatent, size: size, source: source,
            warnings: assumptions + checkpoint.warnings)
    }

    /// Describes a network and its files.
    ///
    /// - Parameters:
    ///   - tokens: how many its pipeline tells it; nil for as many as usual.
    ///   - source: where it comes from, as the contract's `source`.
    ///   - warnings: what there is to say.
    init(
        _ model: any Architecture, tokens: Int?, type: ScalarType, isLatent: Bool, size: Int64, source: JSON, warnings: [Warning]
    ) {
        let graph = model.described(tokens: tokens).graph
        let sample = model.sampleShape
        json = [
            "architecture": .string(model.className), "parameters": .integer(graph.parameterCount),
            "macs": .integer(graph.multiplyAccumulates),
            "sample_shape": [.integer(sample.channels), .integer(sample.height), .integer(sample.width)],
            "dtype": .string(type.torchName), "size": .integer(Int(size)), "is_latent": .bool(isLatent),
            "pruned_widths": model.freeWidths ? "free" : nil, "source": source,
            "warnings": (warnings + model.timestepWarnings).json,
        ]
    }

    /// Describes a checkpoint of which a network beside the one that is told of was replaced.
    ///
    /// - Parameter other: the description of the checkpoint as it was.
    init(_ other: CheckpointDescriptor, size: Int64, source: JSON, warnings: [Warning]) {
        json = other.json.replacing(["size": .integer(Int(size)), "source": source, "warnings": warnings.json])
    }

    /// The class of the network.
    var architecture: String { if case .string(let name)? = json["architecture"] { name } else { "" } }
    /// Whether it works on an autoencoder's latents.
    var isLatent: Bool { json["is_latent"] == .bool(true) }
    /// What there is to say.
    var warnings: [Warning] { [Warning](of: json) }
    /// Bytes of all files.
    var size: Int { json["size"]?.integer ?? 0 }
    /// How many numbers the network has.
    var parameters: Int { json["parameters"]?.integer ?? 0 }
    /// Multiply-accumulates of a sample and step.
    var multiplyAccumulates: Int { json["macs"]?.integer ?? 0 }
    /// The identifier of the job that made it; nil of one that came from outside.
    var maker: String? { if case .string(let job) = json["source"]?["job"] { job } else { nil } }
}

extension CheckpointRecord {
    /// The API's checkpoint object, with a warning for each file that is known to be damaged.
    package func payload(_ blobs: BlobStore) throws -> JSON {
        try payload().warning(
            files.compactMap { file in
                blobs.damage(of: file.digest).map {
                    Warning(.checkpointDamaged, "\(StorageError.damaged(.checkpoint, id: id, file: file.path, found: $0.found))")
                }
            })
    }

    /// The API's checkpoint object.
    package func payload() throws -> JSON {
        let head: JSON = [
            "id": .string(id), "object": "checkpoint", "name": .string(name), "created_at": .string(createdAt.text),
        ]
        guard case .object(let described) = try CheckpointDescriptor(self).json else { return head }
        let files = files.map { file -> JSON in
            ["path": .string(file.path), "size": .integer(Int(file.size)), "sha256": .string(file.digest.hex)]
        }
        return head.adding(described).adding([.init("files", .array(files))])
    }
}
