import Foundation

extension UNet2DModel: Architecture {
    /// diffusers' name.
    public static var className: String { "UNet2DModel" }

    /// Today's names, for diffusers' former ones and those of the DDIM code base.
    ///
    /// - Throws: ``ConfigurationError`` where the DDIM code computes another function for its weights than `json` asks for.
    public static func names(of tensors: [String], json: Data) throws(ConfigurationError) -> [String] {
        guard DDIMNames.are(tensors) else { return tensors.map(AttentionNames.today) }
        let configuration = try UNet2DConfiguration(json: json)
        try DDIMNames.check(configuration)
        return tensors.map { DDIMNames.today($0, levels: configuration.levels) }
    }

    /// Reads a `config.json` and emits the graph.
    ///
    /// - Throws: ``ArchitectureError``; of the graph when free widths do not fit together.
    public init(json: Data, shapes: [String: [Int]]) throws(ArchitectureError) {
        let configuration: UNet2DConfiguration
        do { configuration = try UNet2DConfiguration(json: json) } catch { throw .configuration(error) }
        do { try self.init(configuration, shapes: shapes) } catch { throw .graph(error) }
    }

    /// Noise prediction, where it gives as many channels as it takes.
    public var objectives: [ObjectiveName] { configuration.inChannels == configuration.outChannels ? [.noisePrediction] : [] }

    /// The configuration as it was read, and what pruning changed in it.
    public var config: Data { configuration.json() }

    /// What was ignored in the configuration.
    public var warnings: [String] { configuration.warnings }

    /// `pruned_widths: "free"`.
    public var freeWidths: Bool { configuration.freeWidths }

    /// `block_out_channels`; nil where tensors tell the widths.
    public var blockWidths: [Int]? { freeWidths ? nil : configuration.blockOutChannels }

    /// What the norms of all blocks ask for.
    public var blockDivisor: Int { configuration.blockDivisor }

    /// The table of the time embedding and the layer that reads it, where the first block is narrower:
    /// ``refitTimeEmbedding(_:steps:width:)``.
    ///
    /// - Throws: ``MatrixError``.
    public func refitted(_ weights: Weights, for pruned: UNet2DModel, steps: Int) throws -> [String: [Float]] {
        let width = pruned.configuration.blockOutChannels[0]
        guard width != configuration.blockOutChannels[0] else { return [:] }
        return try refitTimeEmbedding(weights, steps: steps, width: width)
    }
}
