import Documents
import Foundation

extension UNet2DModel {
    /// The architecture that a cut leaves.
    ///
    /// With ``Widths/diffusers`` the config tells the new widths, and where `block_out_channels[0]` changes the sinusoid becomes a
    /// learned table (``refitTimeTable(_:steps:width:)``) and random frequencies become fewer (``strongestFrequencies(_:count:)``); with
    /// ``Widths/free`` the config stays and tensors tell the widths.
    ///
    /// - Parameters:
    ///   - cut: what is left of the graph.
    ///   - steps: timesteps of the noise schedule; nil where the network is told noise levels.
    /// - Throws: ``WidthsError``; ``GraphError`` and ``ConfigurationError`` where no config of
    ///   ``Widths/diffusers`` describes what is left.
    public func pruned(to cut: Graph, widths: Widths, steps: Int?) throws -> UNet2DModel {
        let shapes = Dictionary(uniqueKeysWithValues: cut.parameters.map { ($0.name, $0.shape) })
        if widths == .free {
            let marked = try UNet2DConfiguration(json: configuration.json(replacing: ["pruned_widths": .string("free")]))
            return try UNet2DModel(marked, shapes: shapes)
        }

        let blocks = try blockWidths(shapes)
        var changes: [String: JSON] = ["block_out_channels": .integers(blocks)]
        if blocks[0] != configuration.blockOutChannels[0] {
            switch configuration.timeEmbedding {
            case .positional:
                guard let steps else { throw WidthsError.timesAreNotWhole }
                changes["time_embedding_type"] = .string("learned")
                changes["num_train_timesteps"] = .integer(steps)
            case .learned, .fourier: break
            }
            if configuration.timeEmbeddingDim != 4 * blocks[0] {
                changes["time_embedding_dim"] = .integer(configuration.timeEmbeddingDim)
            }
        }
        let result = try UNet2DModel(UNet2DConfiguration(json: configuration.json(replacing: changes)))
        if configuration.hasSkips {
            let (asked, left) = (result.graph.coupling().coupling.divisions, cut.coupling().coupling.divisions)
            if asked.map(\.parts) != left.map(\.parts) { throw WidthsError.normGroupsChange }
        }
        for parameter in result.graph.parameters where !Self.refitted.contains(parameter.name) {
            guard let found = shapes[parameter.name] else { throw GraphError.missingTensor(parameter.name) }
            guard found == parameter.shape else {
                throw GraphError.tensorShape(name: parameter.name, expected: parameter.shape, found: found)
            }
        }
        return result
    }

    /// What a narrower first block replaces: the sinusoid's table or the frequencies, and the layers that read them.
    private static let refitted: Set = ["time_proj.weight", "time_embedding.linear_1.weight", "class_embedding.linear_1.weight"]

    /// The entries of `block_out_channels` after a cut.
    ///
    /// - Parameter shapes: what is left of every parameter.
    /// - Throws: ``WidthsError/blocksBecomeEqual(block:width:)``: diffusers puts a shortcut between blocks of different widths only,
    ///   so the result's plain config would describe another network.
    private func blockWidths(_ shapes: [String: [Int]]) throws(WidthsError) -> [Int] {
        let before = configuration.blockOutChannels
        let widths = before.indices.map { shapes["down_blocks.\($0).resnets.0.conv1.weight"]?[0] ?? before[$0] }
        try WidthsError.checkNeighbours(before, widths)
        return widths
    }
}
