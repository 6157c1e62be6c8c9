import Documents
import Foundation

extension UNet2DModel {
    /// A number of layers of every block (`layers_per_block`), the attention of a block (`AttnDownBlock2D` becomes `DownBlock2D`) and that of the
    /// middle (`add_attention`). Blocks with a path of pictures keep theirs.
    public var optionalLayers: [OptionalLayers] {
        guard !configuration.hasSkips else { return [] }
        let last = configuration.levels - 1
        var optional: [OptionalLayers] = []
        if configuration.layersPerBlock > 1 {
            let places = (0...last).map { level in
                OptionalLayers.layers(
                    down: "down_blocks.\(level)", up: "up_blocks.\(last - level)", count: configuration.layersPerBlock,
                    attends: (configuration.downBlocks[level].hasAttention, configuration.upBlocks[last - level].hasAttention))
            }
            optional.append(OptionalLayers(places: places, most: configuration.layersPerBlock - 1))
        }
        for block in blocks where block.kind.hasAttention {
            optional.append(OptionalLayers(places: [[Set(block.layers.map { "\(block.name).attentions.\($0)" })]]))
        }
        if hasMiddleAttention { optional.append(OptionalLayers(places: [[[Self.middleAttention]]])) }
        return optional
    }

    private static let middleAttention = "mid_block.attentions.0"
    private var hasMiddleAttention: Bool { configuration.hasMidBlock && configuration.midBlockHasAttention }

    /// A block going down or up.
    private struct Block {
        let name: String
        let kind: UNet2DBlock
        let isDown: Bool
        let layers: Range<Int>
        /// Whether there is nothing after it that halves or doubles.
        let isLast: Bool
    }

    private var blocks: [Block] {
        let last = configuration.levels - 1
        return (0...last).flatMap { index in
            [
                Block(
                    name: "down_blocks.\(index)", kind: configuration.downBlocks[index], isDown: true,
                    layers: 0..<configuration.layersPerBlock, isLast: index == last),
                Block(
                    name: "up_blocks.\(index)", kind: configuration.upBlocks[index], isDown: false,
                    layers: 0..<(configuration.layersPerBlock + 1), isLast: index == last),
            ]
        }
    }

    /// The network without some of ``optionalLayers``.
    ///
    /// - Throws: ``DepthError``; ``ConfigurationError``, ``GraphError``.
    public func leavingOut(_ modules: Set<String>) throws -> LeavingOut {
        if let needed = modules.subtracting(optionalModules).min() { throw DepthError.needed(needed) }
        var (layers, moved, kinds, folds): (Set<Int>, [String: String], [UNet2DBlock], [ShortcutFold]) = ([], [:], [], [])
        for block in blocks {
            func stays(_ list: String) -> [Int] { block.layers.filter { !modules.contains("\(block.name).\(list).\($0)") } }
            let (resnets, attentions) = (stays("resnets"), stays("attentions"))
            layers.insert(resnets.count - (block.isDown ? 0 : 1))
            for (list, stays) in [("resnets", resnets), ("attentions", attentions)] {
                moved.merge(LayerNames.moved("\(block.name).\(list)", stays)) { first, _ in first }
            }
            if !block.isDown { folds += ShortcutFold.folds(block.name, count: block.layers.count, stays: resnets) }
            kinds.append(try kind(block, resnets: resnets.count, attentions: attentions.count))
        }
        guard layers.count == 1, let count = layers.first else { throw DepthError.blocksDiffer }
        var changes: [String: JSON] = [
            "layers_per_block": .integer(count),
            "down_block_types": .array(zip(blocks, kinds).filter(\.0.isDown).map { .string($1.downName) }),
            "up_block_types": .array(zip(blocks, kinds).filter { !$0.0.isDown }.map { .string($1.upName) }),
        ]
        if modules.contains(Self.middleAttention) { changes["add_attention"] = .bool(false) }
        let names = LayerNames(moved)
        let network = try UNet2DModel(
            UNet2DConfiguration(json: configuration.json(replacing: changes)),
            shapes: graph.shapes(under: names, folds: folds, without: modules))
        return LeavingOut(network, names: names, folds: folds)
    }

    /// What a block is that keeps so many.
    private func kind(_ block: Block, resnets: Int, attentions: Int) throws(DepthError) -> UNet2DBlock {
        guard block.kind.hasAttention else { return block.kind }
        guard attentions == 0 else {
            guard attentions == resnets else { throw .attentionsDiffer(block: block.name) }
            return block.kind
        }
        let resamplesByResnet = block.isDown ? configuration.downsamplesByResnet : configuration.upsamplesByResnet
        return resamplesByResnet && !block.isLast ? .resnet : .plain
    }
}
