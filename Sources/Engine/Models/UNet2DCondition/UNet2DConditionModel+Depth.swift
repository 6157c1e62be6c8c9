import Documents
import Foundation

extension UNet2DConditionModel {
    /// A number of layers of each level (`layers_per_block`), with what attends after them.
    public var optionalLayers: [OptionalLayers] {
        configuration.levels.indices.compactMap { level in
            let (count, up) = (configuration.levels[level].layers, last - level)
            // Where sums are scaled a layer is no shortcut without the rest of it.
            let isScaled = [configuration.downBlocks[level], configuration.upBlocks[up]].contains(where: \.resamplesByResnet)
            guard count > 1, !isScaled || configuration.resnetScaleFactor == 1 else { return nil }
            return OptionalLayers(
                places: [
                    OptionalLayers.layers(
                        down: "down_blocks.\(level)", up: "up_blocks.\(up)", count: count,
                        attends: (configuration.downBlocks[level].attends, configuration.upBlocks[up].attends))
                ], most: count - 1)
        }
    }

    private var last: Int { configuration.levels.count - 1 }

    /// The network without some of ``optionalLayers``.
    ///
    /// - Throws: ``DepthError``; ``ConfigurationError``, ``GraphError``.
    public func leavingOut(_ modules: Set<String>) throws -> LeavingOut {
        if let needed = modules.subtracting(optionalModules).min() { throw DepthError.needed(needed) }
        var (layers, moved, folds): ([Int], [String: String], [ShortcutFold]) = ([], [:], [])
        for level in configuration.levels.indices {
            let count = configuration.levels[level].layers
            func stays(_ block: String, _ range: Range<Int>, attends: Bool) throws(DepthError) -> [Int] {
                let lists = ["resnets", "attentions"].map { list in range.filter { !modules.contains("\(block).\(list).\($0)") } }
                if attends, lists[0].count != lists[1].count { throw .attentionsDiffer(block: block) }
                for (list, stays) in zip(["resnets", "attentions"], lists) {
                    moved.merge(LayerNames.moved("\(block).\(list)", stays)) { first, _ in first }
                }
                return lists[0]
            }
            let block = "up_blocks.\(last - level)"
            let down = try stays("down_blocks.\(level)", 0..<count, attends: configuration.downBlocks[level].attends)
            let up = try stays(block, 0..<(count + 1), attends: configuration.upBlocks[last - level].attends)
            guard up.count == down.count + 1 else { throw DepthError.blocksDiffer }
            folds += ShortcutFold.folds(block, count: count + 1, stays: up)
            layers.append(down.count)
        }
        let told: JSON = Set(layers).count == 1 ? .integer(layers[0]) : .integers(layers)
        let names = LayerNames(moved)
        let network = try UNet2DConditionModel(
            UNet2DConditionConfiguration(json: configuration.json(replacing: ["layers_per_block": told])),
            shapes: graph.shapes(under: names, folds: folds, without: modules), tokenCount: tokenCount)
        return LeavingOut(network, names: names, folds: folds)
    }
}
