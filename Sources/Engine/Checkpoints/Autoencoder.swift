import Foundation

/// An autoencoder with its weights, as read from a pipeline's `vae` or `vqvae` folder.
///
/// It is run by ``LatentEncoder`` and ``LatentDecoder``.
public struct Autoencoder: Sendable {
    /// What its config.json says.
    public let configuration: AutoencoderConfiguration
    /// The encoder's weights and those of `quant_conv`; nil where the file has none, or none were asked for.
    public let encoder: Weights?
    /// The decoder's weights, those of `post_quant_conv` and the table; nil where none were asked for.
    public let decoder: Weights?
    /// What was ignored or looks wrong.
    public let warnings: [Warning]

    /// Reads an autoencoder.
    ///
    /// - Parameters:
    ///   - config: its config.json.
    ///   - weights: exactly its tensors, under today's names or diffusers' former ones of attention; those of the encoder may all be missing.
    ///   - halves: what is kept in memory; the file is checked whole.
    ///   - folder: what its folder is called in errors.
    /// - Throws: ``CheckpointError``.
    public init(
        config: Data, weights source: any TensorSource, halves: Set<AutoencoderHalf> = Set(AutoencoderHalf.allCases), folder: String = "vae"
    ) throws(CheckpointError) {
        let model: AutoencoderModel
        (configuration, model) = try Self.model(config, folder)
        let names = try DiffusionCheckpoint.named(source, source.tensors.map { AttentionNames.today($0.name) })
        let hasEncoder = names.keys.contains { $0.hasPrefix("encoder.") }
        try DiffusionCheckpoint.check((hasEncoder ? model.encoder.parameters : []) + model.decoder.parameters, against: names)
        encoder = hasEncoder && halves.contains(.encoder) ? try DiffusionCheckpoint.read(source, names, model.encoder.parameters) : nil
        decoder = halves.contains(.decoder) ? try DiffusionCheckpoint.read(source, names, model.decoder.parameters) : nil
        let notFinite = [encoder, decoder].compactMap { $0 }.flatMap(\.tensorsNotFinite)
        warnings =
            configuration.warnings + source.notes
            + .notFinite(notFinite, in: "\(folder): ")
    }

    /// One with fresh weights, as diffusers' constructor draws them after `torch.manual_seed(seed)`.
    ///
    /// - Throws: ``CheckpointError``.
    public init(config: Data, initializingFrom seed: Int, folder: String = "vae") throws(CheckpointError) {
        let model: AutoencoderModel
        (configuration, model) = try Self.model(config, folder)
        let (encoder, decoder) = (Weights(model.encoder.parameters), Weights(model.decoder.parameters))
        var generator = TorchGenerator(seed: seed)
        for parameter in model.constructionOrder {
            let numbers = generator.initial(parameter.initialization, count: parameter.count)
            for weights in [encoder, decoder] {
                if let index = weights.index(of: parameter.name) { weights.setTorchOrder(index, numbers) }
            }
        }
        (self.encoder, self.decoder) = (encoder, decoder)
        warnings = configuration.warnings
    }

    private static func model(
        _ config: Data, _ folder: String
    ) throws(CheckpointError) -> (AutoencoderConfiguration, AutoencoderModel) {
        let configuration: AutoencoderConfiguration
        do { configuration = try AutoencoderConfiguration(json: config) } catch {
            throw .configuration(path: "\(folder)/config.json", error)
        }
        guard !configuration.freeWidths else {
            throw .contents(
                path: "\(folder)/config.json", trouble: "an autoencoder of free widths is pruned by itself, and not run beside a network")
        }
        let model: AutoencoderModel
        do { model = try AutoencoderModel(configuration) } catch { throw .autoencoder(error) }
        try DiffusionCheckpoint.checkSize(parameters: model.encoder.parameterCount + model.decoder.parameterCount)
        return (configuration, model)
    }

    /// The weights of one of the halves.
    ///
    /// - Throws: ``AutoencoderError/noEncoder``, ``AutoencoderError/noDecoder``.
    func weights(_ half: AutoencoderHalf) throws(AutoencoderError) -> Weights {
        switch half {
        case .encoder: if let encoder { return encoder } else { throw .noEncoder }
        case .decoder: if let decoder { return decoder } else { throw .noDecoder }
        }
    }
}
