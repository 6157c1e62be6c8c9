import Engine
import Foundation
import Testing

/// Shares of a cut that follow what channels are worth.
@Suite struct GlobalAllocationTests {
    /// A network with enough channels in each norm group for shares to differ.
    private static let wide = """
        {"_class_name": "UNet2DModel", "sample_size": 8, "in_channels": 3, "out_channels": 3, "block_out_channels": [32, 64],
         "down_block_types": ["DownBlock2D", "AttnDownBlock2D"], "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
         "layers_per_block": 1, "norm_num_groups": 4, "attention_head_dim": 16}
        """

    private func trained(_ name: String) throws -> TrainedModel {
        if name == "wide" {
            let model = try UNet2DModel(UNet2DConfiguration(json: Data(Self.wide.utf8)))
            return TrainedModel(initializing: model, seed: 1)
        }
        let (model, weights) = try Golden.unet(name)
        return TrainedModel(model: model, weights: weights)
    }

    /// What is kept of a network by random scores, those of each group times what its channels are worth.
    private func cut(
        _ name: String, _ ratio: Double, _ widths: Widths, _ allocation: Allocation, worth: (ChannelGroup) -> Double
    ) throws -> (groups: [GroupScores], network: any Architecture) {
        let trained = try trained(name)
        let model = trained.model
        var generator = TorchGenerator(seed: 5)
        let importance = model.graph.channelGroups().map { group in
            generator.rand(group.width).map { worth(group) * (0.5 + Double($0)) }
        }
        let selection = Selection(ratio: ratio, widths: widths, blockRules: model.blockRules)
        let chosen = try trained.selectChannels(
            .diffPruning, importance: importance, seed: 0, selection: selection, allocation: allocation)
        return (chosen, try model.pruned(kept: chosen.map(\.kept), widths: widths, steps: PruningGoldenTests.steps))
    }

    private func isFirst(_ group: ChannelGroup) -> Bool { group.name.hasPrefix("down_blocks.0") || group.name == "conv_in" }

    @Test(arguments: UNet2DModelTests.names + ["wide"], [0.3, 0.5, 0.7])
    func itCostsNoMoreThanAUniformCutAndNoGroupIsLeftMuchLess(name: String, ratio: Double) throws {
        let uniform = try cut(name, ratio, .free, .uniform) { _ in 1 }
        let global = try cut(name, ratio, .free, .global) { isFirst($0) ? 20 : 1 }
        #expect(global.network.graph.multiplyAccumulates <= uniform.network.graph.multiplyAccumulates)
        for (mine, other) in zip(global.groups, uniform.groups) {
            #expect(Double(mine.kept.count) >= 0.7 * Double(other.kept.count), "\(mine.group.name)")
            let parts = max(mine.group.normGroups, mine.group.heads)
            let counts = mine.kept.reduce(into: [Int](repeating: 0, count: parts)) { $0[$1 / (mine.group.width / parts)] += 1 }
            #expect(Set(counts).count == 1, "\(mine.group.name) loses as many of each part")
        }
        for (index, mine) in global.groups.enumerated() where mine.group.attention != nil {
            for other in global.groups[..<index] where other.group.attention == mine.group.attention {
                #expect(mine.kept.count == other.kept.count, "diffusers takes q/k and v of one width")
            }
        }
    }

    @Test func whatIsWorthMoreForItsCostKeepsMore() throws {
        let little = try cut("wide", 0.3, .free, .global) { isFirst($0) ? 0.02 : 1 }
        let much = try cut("wide", 0.3, .free, .global) { isFirst($0) ? 50 : 1 }
        let first = zip(little.groups, much.groups).filter { isFirst($0.0.group) }
        #expect(first.allSatisfy { $1.kept.count >= $0.kept.count })
        #expect(first.contains { $1.kept.count > $0.kept.count })
    }

    /// Of what is kept the scores alone decide: the highest of each part.
    @Test func theHighestStay() throws {
        for entry in try cut("wide", 0.5, .free, .global, worth: { isFirst($0) ? 3 : 1 }).groups {
            let stays = Set(entry.kept)
            let parts = max(entry.group.normGroups, entry.group.heads)
            let size = entry.group.width / parts
            for part in 0..<parts {
                let channels = (part * size)..<((part + 1) * size)
                let lowest = channels.filter(stays.contains).map { entry.scores[$0] }.min() ?? 0
                #expect(channels.filter { !stays.contains($0) }.allSatisfy { entry.scores[$0] <= lowest })
            }
        }
    }

    @Test(arguments: ["ddpm", "learned", "scale_shift", "wide"], [true, false])
    func blocksOfOneWidthKeepOneWidth(name: String, isFirstWorthMore: Bool) throws {
        let uniform = try cut(name, 0.3, .diffusers, .uniform) { _ in 1 }
        // That the network can be told by a plain config is checked where it is made.
        let global = try cut(name, 0.3, .diffusers, .global) { isFirst($0) == isFirstWorthMore ? 20 : 1 }
        #expect(global.network.graph.multiplyAccumulates <= uniform.network.graph.multiplyAccumulates)
        #expect(global.groups.contains { $0.kept.count < $0.group.width })
        var widths: [Int: Set<Int>] = [:]
        for entry in global.groups where entry.group.rule == .block { widths[entry.group.width, default: []].insert(entry.kept.count) }
        #expect(widths.values.allSatisfy { $0.count == 1 })
        #expect(Set(widths.values).count == widths.count, "blocks of different widths stay different")
        for entry in global.groups where entry.group.rule == .own { #expect(entry.kept.count == entry.group.width) }
    }

    @Test(arguments: Widths.allCases)
    func aRatioOfZeroKeepsEverything(widths: Widths) throws {
        for entry in try cut("ddpm", 0, widths, .global, worth: { isFirst($0) ? 20 : 1 }).groups {
            #expect(entry.kept == Array(0..<entry.group.width))
        }
    }
}
