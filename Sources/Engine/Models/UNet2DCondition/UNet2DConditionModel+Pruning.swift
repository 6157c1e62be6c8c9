import Documents
import Foundation

extension UNet2DConditionModel {
    /// The architecture that a cut leaves.
    ///
    /// With ``Widths/diffusers`` the config tells the new widths and how many heads there are, and where `block_out_channels[0]` changes the
    /// sinusoid's frequencies are stored beside the weights (``storedFrequencies(_:)``); with ``Widths/free`` the config stays and tensors
    /// tell the widths.
    ///
    /// - Throws: ``WidthsError``; ``GraphError`` and ``ConfigurationError`` where no config of ``Widths/diffusers`` describes what is left.
    public func pruned(to cut: Graph, widths: Widths, steps: Int?) throws -> UNet2DConditionModel {
        let shapes = Dictionary(uniqueKeysWithValues: cut.parameters.map { ($0.name, $0.shape) })
        if widths == .free {
            let marked = try UNet2DConditionConfiguration(json: configuration.json(replacing: ["pruned_widths": .string("free")]))
            return try UNet2DConditionModel(marked, shapes: shapes, tokenCount: tokenCount)
        }
        let before = configuration.blockOutChannels
        let blocks = before.indices.map { shapes["down_blocks.\($0).resnets.0.conv1.weight"]?[0] ?? before[$0] }
        try WidthsError.checkNeighbours(before, blocks)
        var changes: [String: JSON] = ["block_out_channels": .integers(blocks)]
        let heads = configuration.levels.indices.map { level in
            let (width, heads) = (configuration.levels[level].width, configuration.levels[level].heads)
            return hasTransformer(level) && heads > 1 ? blocks[level] / (width / heads) : heads
        }
        for level in heads.indices where heads[level] != configuration.levels[level].heads && tellsHeadWidths(level) {
            throw WidthsError.headsAreWidths(level: level)
        }
        if heads != configuration.levels.map(\.heads) { changes["attention_head_dim"] = .integers(heads) }
        if blocks[0] != before[0] {
            if !configuration.hasStoredFrequencies {
                guard configuration.timeEmbeddingDim >= before[0], configuration.timeEmbeddingDim % 2 == 0 else {
                    throw WidthsError.frequenciesDoNotFit(timeEmbedding: configuration.timeEmbeddingDim, block: before[0])
                }
                changes["time_embedding_type"] = .string("fourier")
            }
            changes["time_embedding_dim"] = .integer(configuration.timeEmbeddingDim)
        }
        let result = try UNet2DConditionModel(
            UNet2DConditionConfiguration(json: configuration.json(replacing: changes)), tokenCount: tokenCount)
        let isNew = result.configuration.hasStoredFrequencies && !configuration.hasStoredFrequencies
        for parameter in result.graph.parameters where !isNew || !Self.refitted.contains(parameter.name) {
            guard let found = shapes[parameter.name] else { throw GraphError.missingTensor(parameter.name) }
            guard found == parameter.shape else {
                throw GraphError.tensorShape(name: parameter.name, expected: parameter.shape, found: found)
            }
        }
        return result
    }

    /// Whether an entry of `attention_head_dim` is also the width of heads somewhere: of attentions that are no transformers, which going up
    /// count the entries from the highest resolution.
    private func tellsHeadWidths(_ entry: Int) -> Bool {
        let isMiddle = entry == configuration.levels.count - 1 && configuration.middle == .simpleCrossAttention
        return isMiddle
            || [configuration.downBlocks[entry], configuration.upBlocks[entry]].contains { $0 == .attention || $0 == .simpleCrossAttention }
    }

    /// What a narrower first block replaces: the sinusoid, and the layers that read it.
    private static let refitted: Set = ["time_proj.weight", "time_embedding.linear_1.weight", "class_embedding.linear_1.weight"]

    /// The sinusoid's frequencies as `time_embedding_type: "fourier"` stores them, and the layers that read them: the same function of a
    /// timestep. There is room for more frequencies, as many as half of the time embedding; those are zero, and nothing reads them.
    ///
    /// diffusers multiplies a stored frequency by 2π; the sinusoid's are f_k = 10000^(-k / (channels/2 - shift)).
    func storedFrequencies(_ weights: Weights) -> [String: [Float]] {
        let channels = configuration.levels[0].width
        let (used, stored) = (channels / 2, configuration.timeEmbeddingDim / 2)
        var frequencies = [Float](repeating: 0, count: stored)
        for k in 0..<used {
            let exponent = -log(10000.0) * Double(k) / (Double(used) - Double(configuration.freqShift))
            frequencies[k] = Float(exp(exponent) / (2 * Double.pi))
        }
        var refitted = ["time_proj.weight": frequencies]
        for name in ["time_embedding.linear_1.weight", "class_embedding.linear_1.weight"] {
            guard let index = weights.index(of: name), name.hasPrefix("time") || configuration.classes == .timestep else { continue }
            let rows = weights.parameters[index].shape[0]
            let old = weights.torchOrder(index)
            var new = [Float](repeating: 0, count: rows * 2 * stored)
            // Sines and cosines, in whichever order, each half with room beyond what is used. An odd number of channels ends with a zero.
            for row in 0..<rows {
                for half in 0..<2 {
                    for k in 0..<used { new[(row * 2 + half) * stored + k] = old[row * channels + half * used + k] }
                }
            }
            refitted[name] = new
        }
        return refitted
    }
}
