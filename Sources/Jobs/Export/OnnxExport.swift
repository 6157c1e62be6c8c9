import Engine
import Files
import Foundation
import Media
import Storage

/// A checkpoint's pipeline with its networks as ONNX models, in the folders in which optimum's pipelines look for them.
///
/// No number is read where weights are stored in a format that ONNX has: models are put together of what describes them and of parts of the
/// weights' files.
package struct OnnxExport {
    private let checkpoint: StoredCheckpoint
    /// The format of the weights' numbers; nil is that in which they are stored.
    private let type: JobRequest.WeightType?

    /// Bytes of what is made of one network's graph and kept of all others', at most.
    private static let modelCost = 32 << 20
    private static let (model, data) = ("model.onnx", "model.onnx_data")
    /// What weights' files end with, and the indices of their shards.
    private static let weights: Set = ["safetensors", "bin", "pt", "pth", "ckpt", "msgpack", "onnx"]

    /// The export of a stored checkpoint.
    package init(_ checkpoint: StoredCheckpoint, as type: JobRequest.WeightType? = nil) {
        (self.checkpoint, self.type) = (checkpoint, type)
    }

    /// Bytes of memory that ``items()`` takes at most.
    package var cost: Int { checkpoint.layoutCost + checkpoint.componentsCost + Self.modelCost }

    /// The folder's files.
    ///
    /// - Throws: ``CheckpointError`` for a component whose class has no ONNX form here; ``StorageError``.
    package func items() throws -> [ArchiveItem] {
        guard checkpoint.place.isInPipeline else {
            return try checkpoint.place.component == .generator ? generatorAlone() : autoencoderAlone()
        }
        let (model, schedule) = try checkpoint.architecture()
        var items = try network(
            "unet", OnnxNetwork(denoiser: checkpoint.data(DiffusersLayout.Path.config), weights: checkpoint.weights()),
            DiffusersLayout.Path.weights)
        let autoencoder = checkpoint.autoencoderFolder
        if let folder = autoencoder, let configuration = try checkpoint.autoencoderConfiguration() {
            let path = try checkpoint.weightsPath(in: folder, of: .diffusers)
            items += try halves(configuration, checkpoint.source(path, in: folder), path, config: "\(folder)/config.json")
        }
        if let configuration = try checkpoint.textEncoderConfiguration() {
            let path = try checkpoint.weightsPath(in: StoredCheckpoint.textEncoder, of: .transformers)
            let source = try checkpoint.source(path, in: StoredCheckpoint.textEncoder)
            items += try network(StoredCheckpoint.textEncoder, OnnxNetwork(textEncoder: configuration, weights: source), path)
        }
        let isToldByTable = ClassConditionalPipeline.isOf(checkpoint.record.files.map(\.path))
        if isToldByTable {
            let folder = ClassEmbedder.folder
            let path = try checkpoint.weightsPath(in: folder, of: .diffusers)
            let config = try checkpoint.data("\(folder)/config.json")
            items += try network(folder, OnnxNetwork(classEmbedder: config, weights: checkpoint.source(path, in: folder)), path)
        }
        // Folders that are called as those made here may have come along.
        let made = Set(items.map(\.path))
        items += checkpoint.record.files.filter { isKept($0.path, autoencoder: autoencoder) && !made.contains($0.path) }.map(item)
        let isDrawable = isToldByTable || model.graph.input("encoder_hidden_states") == nil
        if isDrawable, model.objectives.contains(.noisePrediction), schedule?.note == nil {
            items.append(ArchiveItem(path: "sample.py", bytes: PackageResources.sample_py))
        }
        return items.sorted { $0.path < $1.path }
    }

    /// Both halves of an autoencoder, in a folder each.
    private func halves(
        _ configuration: AutoencoderConfiguration, _ source: any TensorSource, _ weights: String, config: String
    ) throws -> [ArchiveItem] {
        var items: [ArchiveItem] = []
        for (half, target) in [(AutoencoderHalf.encoder, "vae_encoder"), (.decoder, "vae_decoder")] {
            guard let network = try OnnxNetwork(half, configuration, weights: source) else { continue }
            items += try self.network(target, network, weights)
            items.append(ArchiveItem(path: "\(target)/config.json", bytes: Array(try checkpoint.data(config))))
        }
        return items
    }

    /// The files of a checkpoint that is an autoencoder.
    private func autoencoderAlone() throws -> [ArchiveItem] {
        let (config, weights) = (checkpoint.place.config, checkpoint.place.storedWeights)
        let configuration: AutoencoderConfiguration
        do throws(ConfigurationError) { configuration = try AutoencoderConfiguration(json: checkpoint.configuration()) } catch {
            throw CheckpointError.configuration(path: config, error)
        }
        guard !configuration.freeWidths else {
            throw CheckpointError.contents(
                path: config, trouble: "an autoencoder of free widths has no ONNX form here; prune with diffusers widths")
        }
        return withTheRest(try halves(configuration, checkpoint.weights(), weights, config: config), but: config)
    }

    /// The files of a checkpoint that is a generator.
    private func generatorAlone() throws -> [ArchiveItem] {
        let (config, weights) = (checkpoint.place.config, checkpoint.place.storedWeights)
        let network = try OnnxNetwork(generator: checkpoint.configuration(), weights: checkpoint.weights())
        let copy = ArchiveItem(path: "generator/config.json", bytes: Array(try checkpoint.data(config)))
        return withTheRest(try self.network("generator", network, weights) + [copy], but: config)
    }

    /// With the other files that go along with a network that stands by itself, in order.
    private func withTheRest(_ items: [ArchiveItem], but config: String) -> [ArchiveItem] {
        let kept = checkpoint.record.files.filter { $0.path != config && isKept($0.path, autoencoder: nil) }
        return (items + kept.map(item)).sorted { $0.path < $1.path }
    }

    /// A stored file as it is.
    private func item(_ file: CheckpointRecord.File) -> ArchiveItem { ArchiveItem(path: file.path, size: file.size, open: opening(file)) }

    /// Whether a file goes along as it is: what is neither weights nor code that loads them in PyTorch.
    private func isKept(_ path: String, autoencoder: String?) -> Bool {
        let folder = String(path.prefix { $0 != "/" })
        let ending = path.split(separator: ".").last.map(String.init) ?? ""
        return folder != autoencoder && ending != "py" && !Self.weights.contains(ending) && !path.hasSuffix(".index.json")
    }

    /// A network's model, and the file of its weights where it has one.
    private func network(_ folder: String, _ network: OnnxNetwork, _ weights: String) throws -> [ArchiveItem] {
        let places: [String: TensorPlace]
        let open: @Sendable () throws -> OpenFile
        if type == nil, let stored = network.places, let file = checkpoint.record.files.first(where: { $0.path == weights }) {
            (places, open) = (stored, opening(file))
        } else {
            let file = try checkpoint.database.blobs.temporaryFile()
            places = try network.write(as: type?.scalar ?? .float32) { try file.write($0) }
            try file.flush()
            // It stays readable when its name is gone.
            let opened = try OpenFile(file.url)
            open = { opened }
        }
        let file = network.file(places, dataName: Self.data, producer: ("pruner", Program.version))
        return [(Self.model, file.model), (Self.data, file.data)].filter { !$0.1.isEmpty }.map { name, pieces in
            let pieces = pieces.map { piece -> ComposedFile.Piece in
                switch piece {
                case .bytes(let bytes): .bytes(bytes)
                case .stored(let offset, let count): .stored(offset: Int64(offset), count: Int64(count))
                }
            }
            return ArchiveItem(path: "\(folder)/\(name)", composed: ComposedFile(pieces, open: open))
        }
    }

    private func opening(_ file: CheckpointRecord.File) -> @Sendable () throws -> OpenFile {
        let (blobs, id) = (checkpoint.database.blobs, checkpoint.record.id)
        return { try OpenFile(blobs, file.digest, of: .checkpoint, id, file: file.path) }
    }
}
