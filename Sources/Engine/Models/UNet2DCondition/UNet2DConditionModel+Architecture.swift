import Foundation

extension UNet2DConditionModel: Architecture {
    /// diffusers' name.
    public static var className: String { "UNet2DConditionModel" }

    /// Today's names, for diffusers' former ones.
    public static func names(of tensors: [String], json: Data) -> [String] { tensors.map(AttentionNames.today) }

    /// Reads a `config.json` and emits the graph.
    ///
    /// - Throws: ``ArchitectureError``; of the graph when free widths do not fit together.
    public init(json: Data, shapes: [String: [Int]]) throws(ArchitectureError) {
        let configuration: UNet2DConditionConfiguration
        do { configuration = try UNet2DConditionConfiguration(json: json) } catch { throw .configuration(error) }
        do { try self.init(configuration, shapes: shapes) } catch { throw .graph(error) }
    }

    /// Noise prediction, where a sample, a timestep and tokens are all that it is told, and the sample's noise what it gives.
    public var objectives: [ObjectiveName] { objectiveNote == nil ? [.noisePrediction] : [] }

    /// Tokens.
    public var condition: NetworkCondition? { .tokens(width: configuration.tokenWidth) }

    /// What else it is told or gives.
    public var objectiveNote: String? {
        // As many channels again are variances.
        if configuration.outChannels != configuration.inChannels, configuration.outChannels != 2 * configuration.inChannels {
            return "it predicts another number of channels (\(configuration.outChannels)) than it takes (\(configuration.inChannels))"
        }
        if configuration.classes != nil { return "it is told a class or a vector beside tokens, which no data set has together" }
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

    /// What norms ask for, and, where there are transformers, their heads: a configuration tells how many there are, so they stay whole. One alone
    /// is as wide as its block, whatever that is.
    public var blockRules: BlockRules {
        var divisors: [Int: Int] = [:]
        for (index, level) in configuration.levels.enumerated() {
            let heads = hasTransformer(index) && level.heads > 1 ? level.width / level.heads : 1
            let divisor = leastCommonMultiple(configuration.normGroups, heads)
            divisors[level.width] = leastCommonMultiple(divisors[level.width] ?? 1, divisor)
        }
        return BlockRules(divisors, blocks: configuration.blockOutChannels)
    }

    /// Whether there is a transformer at a level: in its blocks, or between them.
    func hasTransformer(_ level: Int) -> Bool {
        let last = configuration.levels.count - 1
        return configuration.downBlocks[level] == .crossAttention || configuration.upBlocks[last - level] == .crossAttention
            || level == last && configuration.middle == .crossAttention
    }

    /// The parameters in the order in which diffusers' constructor draws their initial values.
    public var constructionOrder: [Parameter] {
        let order = [
            "conv_in.", "time_proj.", "time_embedding.", "encoder_hid_proj.", "class_embedding.", "down_blocks.", "mid_block.",
            "up_blocks.",
        ]
        func rank(_ parameter: Parameter) -> Int { order.firstIndex { parameter.name.hasPrefix($0) } ?? order.count }
        let parameters = graph.parameters
        return parameters.indices.sorted { (rank(parameters[$0]), $0) < (rank(parameters[$1]), $1) }.map { parameters[$0] }
    }

    /// The frequencies of the time embedding and the layers that read it, where the first block is narrower.
    public func refitted(_ weights: Weights, for pruned: UNet2DConditionModel, steps: Int?) -> [String: [Float]] {
        pruned.configuration.hasStoredFrequencies && !configuration.hasStoredFrequencies ? storedFrequencies(weights) : [:]
    }
}
