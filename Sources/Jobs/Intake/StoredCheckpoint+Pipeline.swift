import Engine
import Foundation
import Storage

/// What stands in a stored pipeline beside the network and its noise schedule.
extension StoredCheckpoint {
    /// The folders that may hold an autoencoder.
    private static let autoencoders = ["vae", "vqvae"]
    static let textEncoder = "text_encoder"
    private static let tokenizer = "tokenizer"

    /// The files of a folder, by their names in it.
    private func names(in folder: String) -> [String] {
        record.files.map(\.path).filter { $0.hasPrefix("\(folder)/") }.map { String($0.dropFirst(folder.count + 1)) }
            .filter { !$0.contains("/") }
    }

    private func files(in folder: String) throws -> ComponentFiles {
        let paths = names(in: folder).map { "\(folder)/\($0)" }
        return ComponentFiles(Dictionary(uniqueKeysWithValues: try paths.map { ($0, try url($0)) })) { try data($0) }
    }

    /// The weights of a folder.
    private func weights(in folder: String, of library: WeightsChoice.Library) throws -> any TensorSource {
        try source(weightsPath(in: folder, of: library), in: folder)
    }

    /// The file, or the index of the files, that the weights of a folder are in.
    func weightsPath(in folder: String, of library: WeightsChoice.Library) throws -> String {
        guard let path = try WeightsChoice(names: names(in: folder), folder: "\(folder)/", library: library).path else {
            throw CheckpointError.missingFile(expected: "the weights in \(folder)/")
        }
        return path
    }

    /// The tensors of such a file.
    func source(_ path: String, in folder: String) throws -> any TensorSource { try files(in: folder).source(path) }

    /// Bytes of memory that opening the weights of the folders beside the network takes at most.
    var componentsCost: Int {
        let folders = [autoencoderFolder, Self.textEncoder, ClassEmbedder.folder].compactMap { $0 }
        let paths = folders.flatMap { folder in names(in: folder).map { "\(folder)/\($0)" } }
        return paths.reduce(0) { $0 + ((try? url($1)).map { WeightsFile.openingCost(path: $0.path) } ?? 0) }
    }

    /// The folder of the pipeline's autoencoder; nil where there is none.
    var autoencoderFolder: String? { Self.autoencoders.first { names(in: $0).contains("config.json") } }

    /// What the pipeline's autoencoder is; nil where there is none.
    ///
    /// - Throws: ``CheckpointError``.
    func autoencoderConfiguration() throws -> AutoencoderConfiguration? {
        guard let folder = autoencoderFolder else { return nil }
        let path = "\(folder)/config.json"
        do throws(ConfigurationError) {
            let configuration = try AutoencoderConfiguration(json: try read(path))
            guard configuration.freeWidths else { return configuration }
            throw .invalid(key: "pruned_widths", expected: "none: beside another network a config tells widths", found: "\"free\"")
        } catch {
            throw CheckpointError.configuration(path: path, error)
        }
    }

    /// What the pipeline's text encoder is; nil where there is none.
    ///
    /// - Throws: ``CheckpointError``.
    func textEncoderConfiguration() throws -> CLIPTextConfiguration? {
        guard names(in: Self.textEncoder).contains("config.json") else { return nil }
        let path = "\(Self.textEncoder)/config.json"
        do throws(ConfigurationError) { return try CLIPTextConfiguration(json: try read(path)) } catch {
            throw CheckpointError.configuration(path: path, error)
        }
    }

    /// The configuration of the network that is meant.
    func configuration() throws(ConfigurationError) -> Data { try read(place.config) }

    private func read(_ path: String) throws(ConfigurationError) -> Data {
        do { return try data(path) } catch { throw .notJSON("\(path) cannot be read") }
    }

    /// The pipeline's autoencoder; nil where there is none.
    ///
    /// - Parameter halves: what is kept of it in memory.
    /// - Throws: ``CheckpointError``, ``StorageError``.
    func autoencoder(_ halves: Set<AutoencoderHalf>) throws -> Autoencoder? {
        guard let folder = autoencoderFolder else { return nil }
        return try Autoencoder(
            config: data("\(folder)/config.json"), weights: weights(in: folder, of: .diffusers), halves: halves, folder: folder)
    }

    /// What makes tokens of captions, its weights not read yet; nil where the pipeline has no text encoder or no tokenizer.
    ///
    /// - Throws: ``TextConditionerError``, ``CheckpointError``, ``StorageError``.
    func textConditioner() throws -> TextConditioner? {
        guard names(in: Self.textEncoder).contains("config.json") else { return nil }
        let known = names(in: Self.tokenizer).filter { CLIPTokenizer.fileNames.contains($0) }
        guard !known.isEmpty else { return nil }
        let files = Dictionary(uniqueKeysWithValues: try known.map { ($0, try data("\(Self.tokenizer)/\($0)")) })
        return try TextConditioner(
            tokenizerFiles: files, config: data("\(Self.textEncoder)/config.json"),
            weights: weights(in: Self.textEncoder, of: .transformers))
    }

    /// How many tokens the pipeline tells its network; nil where nothing but captions' tells that.
    var tokens: Int? { ClassConditionalPipeline.tokens(of: record.files.map(\.path)) }

    /// What makes a token of a class's number, its table not read yet; nil where the pipeline has none.
    ///
    /// - Throws: ``CheckpointError``, ``StorageError``.
    func classEmbedder() throws -> ClassEmbedder? {
        let folder = ClassEmbedder.folder
        guard names(in: folder).contains("config.json") else { return nil }
        return try ClassEmbedder(config: data("\(folder)/config.json"), weights: weights(in: folder, of: .diffusers))
    }

    /// Bytes of memory that reading the tokenizer takes at most.
    var tokenizerCost: Int {
        let size = record.files.reduce(0) { $0 + ($1.path.hasPrefix("\(Self.tokenizer)/") ? Int($1.size) : 0) }
        return size > 0 ? (16 << 20) + min(size, 64 << 20) * 24 : 0
    }
}
