import Documents
import Foundation

extension UNet2DConfiguration {
    /// The divisor of every block width: what the norms of all blocks ask for.
    public var blockDivisor: Int { leastCommonMultiple(normGroups, attentionNormGroups ?? 1) }
}

extension UNet2DModel {
    /// The architecture that a cut leaves.
    ///
    /// With ``Widths/diffusers`` the config tells the new widths, and where `block_out_channels[0]` changes the sinusoid becomes a
    /// learned table (``refitTimeEmbedding(_:steps:width:)``); with ``Widths/free`` the config stays and tensors tell
    /// the widths.
    ///
    /// - Parameters:
    ///   - cut: what is left of the graph.
    ///   - steps: timesteps of the noise schedule.
    /// - Throws: ``WidthsError/blocksBecomeEqual(block:width:)``; ``GraphError`` and ``ConfigurationError`` where no config of
    ///   ``Widths/diffusers`` describes what is left.
    public func pruned(to cut: Graph, widths: Widths, steps: Int) throws -> UNet2DModel {
        let shapes = Dictionary(uniqueKeysWithValues: cut.parameters.map { ($0.name, $0.shape) })
        if widths == .free {
            let marked = try UNet2DConfiguration(json: configuration.json(replacing: ["pruned_widths": .string("free")]))
            return try UNet2DModel(marked, shapes: shapes)
        }

        let blocks = try blockWidths(shapes)
        var changes: [String: JSON] = ["block_out_channels": .integers(blocks)]
        if blocks[0] != configuration.blockOutChannels[0] {
            changes["time_embedding_type"] = .string("learned")
            changes["num_train_timesteps"] = .integer(configuration.timeEmbeddingTable ?? steps)
            if configuration.timeEmbeddingDim != 4 * blocks[0] {
                changes["time_embedding_dim"] = .integer(configuration.timeEmbeddingDim)
            }
        }
        let result = try UNet2DModel(UNet2DConfiguration(json: configuration.json(replacing: changes)))
        for parameter in result.graph.parameters where !Self.refitted.contains(parameter.name) {
            guard let found = shapes[parameter.name] else { throw GraphError.missingTensor(parameter.name) }
            guard found == parameter.shape else {
                throw GraphError.tensorShape(name: parameter.name, expected: parameter.shape, found: found)
            }
        }
        return result
    }

    /// What a narrower first block replaces: the sinusoid's table and the layer that reads it.
    private static let refitted: Set = ["time_proj.weight", "time_embedding.linear_1.weight"]

    /// The entries of `block_out_channels` after a cut.
    ///
    /// - Parameter shapes: what is left of every parameter.
    /// - Throws: ``WidthsError/blocksBecomeEqual(block:width:)``: diffusers puts a shortcut between blocks of different widths only,
    ///   so the result's plain config would describe another network.
    private func blockWidths(_ shapes: [String: [Int]]) throws(WidthsError) -> [Int] {
        let before = configuration.blockOutChannels
        let widths = before.indices.map { shapes["down_blocks.\($0).resnets.0.conv1.weight"]?[0] ?? before[$0] }
        for block in widths.indices.dropFirst() where widths[block] == widths[block - 1] && before[block] != before[block - 1] {
            throw .blocksBecomeEqual(block: block, width: widths[block])
        }
        return widths
    }
}

extension UNet2DModel {
    /// A table of `width` numbers per timestep and the first layer's weight whose product is the rank-`width` truncated singular
    /// value decomposition of what the sinusoid (or an earlier table) and that layer make of every timestep.
    ///
    /// The frequencies of a sinusoid depend on its width, so cutting its channels would make another function of it. The singular
    /// values fall so fast that the truncation is below float32's rounding. The table's columns are given the root mean square of
    /// a sine, so that the two factors are as large as what they replace and train alike.
    func refitTimeEmbedding(_ weights: Weights, steps: Int, width: Int) throws(MatrixError) -> [String: [Float]] {
        let channels = configuration.blockOutChannels[0]
        let steps = configuration.timeEmbeddingTable ?? steps
        let hidden = configuration.timeEmbeddingDim
        var table = [Float](repeating: 0, count: steps * channels)
        if let index = weights.index(of: "time_proj.weight") {
            table = weights.torchOrder(index)
        } else {
            let sinusoid = TimestepEmbedding(
                channels: channels, flipSinToCos: configuration.flipSinToCos, frequencyShift: configuration.freqShift)
            table.withUnsafeMutableBufferPointer { table in
                guard let base = table.baseAddress else { return }
                for step in 0..<steps { sinusoid.embed(Float(step), into: base + step * channels) }
            }
        }
        guard let layer = weights.index(of: "time_embedding.linear_1.weight") else { return [:] }
        let weight = weights.torchOrder(layer)
        var product = [Double](repeating: 0, count: steps * hidden)
        for step in 0..<steps {
            for row in 0..<hidden {
                var sum = 0.0
                for channel in 0..<channels { sum += Double(table[step * channels + channel]) * Double(weight[row * channels + channel]) }
                product[step * hidden + row] = sum
            }
        }
        let (u, s, vt) = try Matrix.singularValueDecomposition(product, rows: steps, columns: hidden)
        let rank = s.count
        let scale = (Double(steps) / 2).squareRoot()
        var newTable = [Float](repeating: 0, count: steps * width)
        var newWeight = [Float](repeating: 0, count: hidden * width)
        for k in 0..<min(width, rank) {
            for step in 0..<steps { newTable[step * width + k] = Float(u[step * rank + k] * scale) }
            for row in 0..<hidden { newWeight[row * width + k] = Float(s[k] * vt[k * hidden + row] / scale) }
        }
        return ["time_proj.weight": newTable, "time_embedding.linear_1.weight": newWeight]
    }
}
