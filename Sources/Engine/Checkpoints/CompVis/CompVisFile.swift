import Documents
import Foundation

/// One file of CompVis's code base (latent diffusion, Stable Diffusion 1 and 2) as the parts of a diffusers pipeline: the U-Net, what is beside it,
/// and the index. Nothing but headers and a few buffers is read of it.
public struct CompVisFile: Sendable {
    /// The network.
    public let unet: CompVisComponent
    /// `scheduler_config.json`.
    public let scheduler: Data
    /// The autoencoder, the text encoder, the table of classes: those that there are.
    public let components: [CompVisComponent]
    /// What fills captions up, where there is a text encoder.
    public let paddingToken: String?
    /// What was chosen, assumed and left out.
    public let notes: [Warning]
    private let unetNames: ModuleNames

    /// Whether tensors are those of such a file.
    public static func holds(_ tensors: [TensorEntry]) -> Bool { CompVisTensors.are(tensors.lazy.map(\.name)) }

    /// Refuses such a file, or the U-Net alone of one, where a diffusers configuration stands beside it.
    ///
    /// - Parameters:
    ///   - path: what the file is called in errors.
    ///   - config: the configuration.
    /// - Throws: ``CheckpointError/contents(path:trouble:)``.
    public static func refuse(_ tensors: [TensorEntry], path: String, beside config: String) throws(CheckpointError) {
        let code = "the names of CompVis's code base"
        if holds(tensors) {
            throw .contents(
                path: path,
                trouble: "its tensors have \(code) (\(CompVisTensors.unetPrefix)…): send it without \(config), alone or with its YAML")
        }
        if tensors.contains(where: { $0.name == "input_blocks.0.0.weight" }) {
            throw .contents(
                path: path,
                trouble: "its tensors have \(code), but for \(CompVisTensors.unetPrefix) before each: put that there, and send the file "
                    + "without \(config)")
        }
    }

    /// Finds the parts.
    ///
    /// - Parameters:
    ///   - source: the file.
    ///   - path: what it is called in errors.
    ///   - configuration: its YAML; nil where there is none, and `yaml` what that is called.
    ///   - sampleSize: what was said of samples beside the file.
    ///   - takesAverages: false takes the U-Net's weights as they were trained last.
    /// - Throws: ``CheckpointError``.
    public init(
        _ source: any TensorSource, path: String, configuration: CompVisConfiguration?, yaml: String = "", sampleSize: JSON? = nil,
        takesAverages: Bool = true
    ) throws(CheckpointError) {
        let tensors = try CompVisTensors(source.tensors, path: path, takesAverages: takesAverages)
        let network = try CompVisUNet(TensorShapes(tensors.unet, prefix: CompVisTensors.unetPrefix, path: path))
        if let configuration {
            do { try configuration.check(network) } catch { throw .configuration(path: yaml, error) }
        }
        let first = TensorShapes(source.tensors, prefix: CompVisTensors.autoencoderPrefix, path: path)
        let autoencoder = try first.isEmpty ? nil : CompVisAutoencoder(first)
        let settings = try CompVisSettings(
            network, configuration, sampleSize: sampleSize, isQuantized: autoencoder?.tableRows != nil, path: path
        ) { name throws(CheckpointError) in try Self.numbers(name, source) }
        scheduler = Data(settings.schedule.json(prediction: settings.prediction).pretty.utf8)
        unetNames = network.names
        unet = CompVisComponent(
            folder: "unet", config: Data(try network.config(settings.heads, sampleSize: settings.sampleSize).pretty.utf8),
            weights: try MappedWeights(network.parts(settings.heads, separatesFirst: settings.separatesFirst), of: source))

        var notes = source.notes + tensors.notes + settings.notes
        var components: [CompVisComponent] = []
        if let autoencoder {
            components.append(
                try Self.component(
                    autoencoder, source, isUnconditional: network.tokenWidth == nil, settings: settings,
                    isToldClasses: Self.classTable(source.tensors, network) != nil))
        }
        var padding: String?
        let condition = source.tensors.filter { $0.name.hasPrefix(CompVisTensors.conditionPrefix) }
        if let table = Self.classTable(source.tensors, network) {
            components.append(try Self.classEmbedder(table, source))
        } else if let encoder = try CompVisTextEncoder(source.tensors, path: path, readsLast: settings.readsLastTextLayer) {
            components.append(try Self.component(encoder, source, tokenWidth: network.tokenWidth, path: path))
            padding = encoder.paddingToken
            notes += [encoder.note].compactMap { $0 }
        } else if !condition.isEmpty {
            notes.append(
                Warning(
                    .conditionLeftOut,
                    "what makes its condition (\(CompVisTensors.conditionPrefix)…, \(condition.count) tensor"
                        + "\(condition.count == 1 ? "" : "s")) is neither CLIP nor a table of classes and is left out"))
        }
        self.components = components
        paddingToken = padding
        self.notes = notes
    }

    /// An error of the U-Net's tensors with the names that they have in the file.
    public func inFileNames(_ error: CheckpointError) -> CheckpointError {
        Self.renamed(error) { name in
            unet.weights.fileName(of: name) ?? unetNames.former(name).map { CompVisTensors.unetPrefix + $0 }
        }
    }

    private static func renamed(_ error: CheckpointError, _ name: (String) -> String?) -> CheckpointError {
        guard case .tensors(let errors, let more) = error else { return error }
        return .tensors(
            errors.map { error in
                switch error {
                case .missingTensor(let today): .missingTensor(name(today) ?? today)
                case .unexpectedTensor(let today): .unexpectedTensor(name(today) ?? today)
                case .tensorShape(let today, let expected, let found):
                    .tensorShape(name: name(today) ?? today, expected: expected, found: found)
                case .shape, .reading: error
                }
            }, more: more)
    }

    /// The numbers of a buffer; nil where there is none, or one that is larger than any.
    private static func numbers(_ name: String, _ source: any TensorSource) throws(CheckpointError) -> [Float]? {
        guard let entry = source.tensors.first(where: { $0.name == name }), entry.type.isFloatingPoint,
            (1...ConfigurationLimits.timesteps).contains(entry.count)
        else { return nil }
        var numbers = [Float](repeating: 0, count: entry.count)
        do {
            try numbers.withUnsafeMutableBufferPointer { try source.read(name, into: $0) }
        } catch let error as SafeTensorsError {
            throw .weights(error)
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw .missingFile(expected: "readable weights")
        }
        return numbers
    }

    // MARK: Parts beside the U-Net

    private static func component(
        _ autoencoder: CompVisAutoencoder, _ source: any TensorSource, isUnconditional: Bool, settings: CompVisSettings, isToldClasses: Bool
    ) throws(CheckpointError) -> CompVisComponent {
        // LDMPipeline calls it `vqvae` whatever it is, Stable Diffusion's `vae`.
        let folder = isUnconditional || isToldClasses && autoencoder.tableRows != nil ? "vqvae" : "vae"
        let config = Data(autoencoder.config(scaling: settings.scaling, latentSize: settings.sampleSize?.integer).pretty.utf8)
        let weights = try MappedWeights(autoencoder.parts, of: source)
        let configuration: AutoencoderConfiguration
        do { configuration = try AutoencoderConfiguration(json: config) } catch {
            throw .configuration(path: "\(folder)/config.json", error)
        }
        let model: AutoencoderModel
        do { model = try AutoencoderModel(configuration) } catch { throw .autoencoder(error) }
        let hasEncoder = weights.tensors.contains { $0.name.hasPrefix("encoder.") }
        try check((hasEncoder ? model.encoder.parameters : []) + model.decoder.parameters, weights) {
            autoencoder.names.former($0).map { CompVisTensors.autoencoderPrefix + $0 }
        }
        return CompVisComponent(folder: folder, config: config, weights: weights)
    }

    private static func component(
        _ encoder: CompVisTextEncoder, _ source: any TensorSource, tokenWidth: Int?, path: String
    ) throws(CheckpointError) -> CompVisComponent {
        let config = Data(encoder.json.pretty.utf8)
        let weights = try MappedWeights(encoder.parts(), of: source)
        let configuration: CLIPTextConfiguration
        do { configuration = try CLIPTextConfiguration(json: config) } catch {
            throw .configuration(path: "text_encoder/config.json", error)
        }
        if let tokenWidth, tokenWidth != configuration.width {
            throw .contents(
                path: path, trouble: "its text encoder gives tokens of \(configuration.width), its U-Net takes those of \(tokenWidth)")
        }
        let model: CLIPTextModel
        do { model = try CLIPTextModel(configuration, tokens: 1) } catch { throw .graph(error) }
        try check(model.graph.parameters, weights) { _ in nil }
        return CompVisComponent(folder: "text_encoder", config: config, weights: weights, weightsName: "model.safetensors")
    }

    private static func check(
        _ parameters: [Parameter], _ weights: MappedWeights, _ former: (String) -> String?
    ) throws(CheckpointError) {
        let names = try DiffusionCheckpoint.named(weights, weights.tensors.map(\.name))
        do { try DiffusionCheckpoint.check(parameters, against: names) } catch {
            throw renamed(error) { weights.fileName(of: $0) ?? former($0) }
        }
    }

    // MARK: Classes

    /// The table of a `ClassEmbedder`: a token for each class.
    private static func classTable(_ tensors: [TensorEntry], _ network: CompVisUNet) -> TensorEntry? {
        tensors.first {
            $0.name == CompVisTensors.conditionPrefix + "embedding.weight" && $0.shape.count == 2 && $0.shape[1] == network.tokenWidth
        }
    }

    /// `class_embedder/`: the table and its sizes.
    private static func classEmbedder(_ table: TensorEntry, _ source: any TensorSource) throws(CheckpointError) -> CompVisComponent {
        let config: JSON = [
            "_class_name": "ClassEmbedder", "n_classes": .integer(table.shape[0]), "embed_dim": .integer(table.shape[1]),
        ]
        return CompVisComponent(
            folder: "class_embedder", config: Data(config.pretty.utf8),
            weights: try MappedWeights([MappedWeights.Part("embedding.weight", table)], of: source))
    }
}
