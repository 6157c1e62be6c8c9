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

    /// Noise prediction, where a picture, a timestep and a class are all that it is told, and the picture's noise what it gives.
    public var objectives: [ObjectiveName] { objectiveNote == nil ? [.noisePrediction] : [] }

    /// A class, by its number.
    public var condition: NetworkCondition? {
        switch configuration.classEmbedding {
        case .table(let classes): .classNumber(known: classes)
        case .timestep: .classNumber(known: nil)
        case .identity, nil: nil
        }
    }

    /// What else it is told or gives.
    public var objectiveNote: String? {
        // As many channels again are variances.
        if configuration.outChannels != configuration.inChannels, configuration.outChannels != 2 * configuration.inChannels {
            return "it predicts another number of channels (\(configuration.outChannels)) than it takes (\(configuration.inChannels))"
        }
        if configuration.classEmbedding == .identity { return "it is told a vector beside each picture, which no data set has" }
        if configuration.timeEmbedding == .fourier { return "it is told noise levels where there are timesteps, and gives a score" }
        return nil
    }

    /// The configuration as it was read, and what pruning changed in it.
    public var config: Data { configuration.json() }

    /// What was ignored in the configuration.
    public var warnings: [Warning] { configuration.warnings }

    /// `pruned_widths: "free"`.
    public var freeWidths: Bool { configuration.freeWidths }

    /// `block_out_channels`; nil where tensors tell the widths.
    public var blockWidths: [Int]? { freeWidths ? nil : configuration.blockOutChannels }

    /// What the norms of all blocks ask for.
    public var blockRules: BlockRules {
        guard configuration.hasSkips else { return BlockRules(configuration.blockDivisor, blocks: configuration.blockOutChannels) }
        let norms = graph.coupling().coupling.divisions.filter(\.isNorm)
        let divisor = norms.reduce(configuration.blockDivisor) { leastCommonMultiple($0, $1.parts) }
        return BlockRules(divisor, blocks: configuration.blockOutChannels)
    }

    /// Where a sinusoid tells the timestep.
    public var isSinusoidOfFirstBlock: Bool { configuration.timeEmbedding == .positional }

    /// Where a table tells the timestep.
    public var isToldByTable: Bool { if case .learned = configuration.timeEmbedding { true } else { false } }

    /// The table or frequencies of the time embedding and the layers that read it, where the first block is narrower.
    ///
    /// - Throws: ``MatrixError``.
    public func refitted(_ weights: Weights, for pruned: UNet2DModel, steps: Int?) throws -> [String: [Float]] {
        let width = pruned.configuration.blockOutChannels[0]
        guard width != configuration.blockOutChannels[0] else { return [:] }
        switch configuration.timeEmbedding {
        case .positional: return try refitTimeTable(weights, steps: steps ?? 0, width: width)
        case .learned(let steps): return try refitTimeTable(weights, steps: steps, width: width)
        case .fourier: return strongestFrequencies(weights, count: width)
        }
    }
}
