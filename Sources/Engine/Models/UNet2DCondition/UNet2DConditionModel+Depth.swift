import Documents
import Foundation

extension UNet2DConditionModel {
    /// A number of layers of each level (`layers_per_block`), with what attends after them.
    public var optionalLayers: [OptionalLayers] {
        configuration.levels.indices.compactMap { level in
            let count = configuration.levels[level].layers
            guard count > 1 else { return nil }
            let up = last - level
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
    public func leavingOut(_ modules: Set<String>) throws -> (network: any Architecture, names: LayerNames) {
        if let needed = modules.subtracting(optionalModules).min() { throw DepthError.needed(needed) }
        var (layers, moved): ([Int], [String: String]) = ([], [:])
        for level in configuration.levels.indices {
            let count = configuration.levels[level].layers
            func stays(_ block: String, _ range: Range<Int>, attends: Bool) throws(DepthError) -> Int {
                let stays = range.filter { !modules.contains("\(block).resnets.\($0)") }
                if attends, stays != range.filter({ !modules.contains("\(block).attentions.\($0)") }) {
                    throw .attentionsDiffer(block: block)
                }
                moved.merge(LayerNames.moved(block, ["resnets", "attentions"], stays)) { first, _ in first }
                return stays.count
            }
            let up = last - level
            let down = try stays("down_blocks.\(level)", 0..<count, attends: configuration.downBlocks[level].attends)
            guard try stays("up_blocks.\(up)", 0..<(count + 1), attends: configuration.upBlocks[up].attends) == down + 1 else {
                throw DepthError.blocksDiffer
            }
            layers.append(down)
        }
        let told: JSON = Set(layers).count == 1 ? .integer(layers[0]) : .integers(layers)
        let names = LayerNames(moved)
        let network = try UNet2DConditionModel(
            UNet2DConditionConfiguration(json: configuration.json(replacing: ["layers_per_block": told])),
            shapes: graph.shapes(under: names, without: modules), tokenCount: tokenCount)
        return (network, names)
    }
}
