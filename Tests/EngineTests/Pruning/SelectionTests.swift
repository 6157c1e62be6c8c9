import Engine
import Foundation
import Testing

/// The contract's section "Widths".
@Suite struct SelectionTests {
    static let ratios = [0.1, 0.25, 0.3, 0.5, 0.7, 0.95]

    /// n - G·⌊p/G⌋ with p = n - int(n (1 - ratio)), at least one channel of each of the G chunks.
    private func width(_ n: Int, _ chunks: Int, _ ratio: Double) -> Int {
        let p = n - Int(Double(n) * (1 - ratio))
        return max(chunks, n - chunks * (p / chunks))
    }

    /// Each block's width, by its width before: neighbours that differ go on differing, the wider one losing less.
    private func blockWidths(_ configuration: UNet2DConfiguration, _ chunks: Int, _ ratio: Double) -> [Int: Int] {
        let blocks = configuration.blockOutChannels
        var widths: [Int: Int] = [:]
        for block in Set(blocks).sorted() {
            let narrower = blocks.indices.dropFirst().flatMap { [[blocks[$0 - 1], blocks[$0]], [blocks[$0], blocks[$0 - 1]]] }
                .filter { $0[0] == block && $0[1] < block }.compactMap { widths[$0[1]] }
            var new = width(block, chunks, ratio)
            while narrower.contains(new) { new += chunks }
            widths[block] = new
        }
        return widths
    }

    private func selection(_ model: UNet2DModel, _ ratio: Double, _ widths: Widths) -> Selection {
        Selection(ratio: ratio, widths: widths, blockRules: model.blockRules)
    }

    private func randomScores(_ groups: [ChannelGroup], seed: Int = 0) -> [[Double]] {
        var generator = TorchGenerator(seed: seed)
        return groups.map { generator.rand($0.width).map(Double.init) }
    }

    @Test(arguments: UNet2DModelTests.names, Widths.allCases)
    func aRatioOfZeroKeepsEverything(name: String, widths: Widths) throws {
        let model = try Golden.unet(name).model
        let groups = model.graph.channelGroups()
        let none = selection(model, 0, widths)
        try none.validate(groups)
        #expect(try none.kept(groups, importance: randomScores(groups)) == groups.map { Array(0..<$0.width) })
    }

    @Test(arguments: UNet2DModelTests.names, ratios)
    func freeWidthsAreWhatTheRatioLeavesOfEveryGroup(name: String, ratio: Double) throws {
        let model = try Golden.unet(name).model
        let groups = model.graph.channelGroups()
        let kept = try selection(model, ratio, .free).kept(groups, importance: randomScores(groups))
        for (group, kept) in zip(groups, kept) {
            #expect(group.normGroups == 1 || group.heads == 1)
            #expect(kept.count == width(group.width, max(group.normGroups, group.heads), ratio), "\(group.name)")
        }
    }

    @Test func aSinusoidThatStaysKeepsTheFirstBlock() throws {
        let model = try Golden.unet("ddpm").model
        let groups = model.graph.channelGroups()
        func widths(_ rule: TimeEmbeddingRule) throws -> [String: Int] {
            let selection = Selection(ratio: 0.5, widths: .diffusers, blockRules: model.blockRules(rule))
            let kept = try selection.kept(groups, importance: randomScores(groups))
            return Dictionary(uniqueKeysWithValues: zip(groups, kept).filter { $0.0.rule == .block }.map { ($0.name, $1.count) })
        }
        let (table, sinusoid) = (try widths(.table), try widths(.sinusoid))
        let first = try #require(model.configuration.blockOutChannels.first)
        for group in groups where group.rule == .block {
            let (cut, kept) = (table[group.name] ?? 0, sinusoid[group.name] ?? 0)
            #expect(cut < group.width, "\(group.name)")
            // What would become as wide as the first block, which stays, takes the next width.
            #expect(group.width == first ? kept == first : kept < group.width && kept >= cut && kept != first, "\(group.name)")
        }
    }

    /// Skip blocks of so few channels have norms that no such cut leaves as they are.
    @Test(arguments: UNet2DModelTests.names.filter { $0 != "skips" }, ratios)
    func diffusersWidthsAreOnePerBlock(name: String, ratio: Double) throws {
        let model = try Golden.unet(name).model
        let configuration = model.configuration
        let groups = model.graph.channelGroups()
        let selection = selection(model, ratio, .diffusers)
        let headWidth = configuration.attentionHeadDim ?? 1
        let normGroups = try #require(configuration.normGroups)
        let blocks = blockWidths(configuration, normGroups, ratio)
        // Every attention needs one whole head; all these models' attentions are at their widest level but scale_shift's.
        let smallest =
            configuration.blockOutChannels.indices.filter { level in
                configuration.downBlocks[level].hasAttention || configuration.upBlocks[configuration.levels - 1 - level].hasAttention
                    || (level == configuration.levels - 1 && configuration.hasMidBlock && configuration.midBlockHasAttention)
            }.compactMap { blocks[configuration.blockOutChannels[$0]] }.min() ?? headWidth
        guard smallest >= headWidth else {
            #expect(throws: PruningError.self) { try selection.kept(groups, importance: randomScores(groups)) }
            return
        }
        let kept = try selection.kept(groups, importance: randomScores(groups))
        let changed = zip(groups, kept).filter { $0.width != $1.count }.map(\.0.name)
        let timed = ["time_embedding.", "class_embedding."]
        #expect(!changed.contains { name in timed.contains { name.hasPrefix($0) } })
        for (group, kept) in zip(groups, kept) where !timed.contains(where: { group.name.hasPrefix($0) }) {
            guard case .heads(let block, let head) = group.rule else {
                #expect(kept.count == blocks[group.width], "\(group.name)")
                continue
            }
            #expect(kept.count == (blocks[block] ?? 0) / head * head, "\(group.name)")
            for start in stride(from: 0, to: kept.count, by: head) {
                #expect(kept[start] % head == 0)
                #expect(Array(kept[start..<(start + head)]) == Array(kept[start]..<(kept[start] + head)))
            }
            let partner = try #require(groups.firstIndex { $0.attention == group.attention && $0.name != group.name })
            #expect(try selection.kept(groups, importance: randomScores(groups))[partner] == kept, "q/k and v lose the same heads")
        }
    }

    @Test(arguments: UNet2DModelTests.names, ratios)
    func theHighestOfEveryChunkStay(name: String, ratio: Double) throws {
        let model = try Golden.unet(name).model
        let groups = model.graph.channelGroups()
        let scores = randomScores(groups, seed: 9)
        let kept = try selection(model, ratio, .free).kept(groups, importance: scores)
        for (index, group) in groups.enumerated() {
            let stays = Set(kept[index])
            #expect(kept[index] == stays.sorted())
            let chunks = max(group.normGroups, group.heads)
            let size = group.width / chunks
            for chunk in 0..<chunks {
                let channels = (chunk * size)..<((chunk + 1) * size)
                let (in_, out) = (channels.filter(stays.contains), channels.filter { !stays.contains($0) })
                #expect(in_.count == kept[index].count / chunks)
                #expect((in_.map { scores[index][$0] }.min() ?? 0) >= (out.map { scores[index][$0] }.max() ?? 0), "\(group.name)")
            }
        }
    }

    @Test(arguments: Widths.allCases)
    func ofEqualScoresTheLowerIndexGoesFirst(widths: Widths) throws {
        let model = try Golden.unet("ddpm").model
        let groups = model.graph.channelGroups()
        let kept = try selection(model, 0.5, widths).kept(groups, importance: groups.map { [Double](repeating: 0.5, count: $0.width) })
        let first = try #require(groups.firstIndex { $0.name == "conv_in" })
        // Four chunks of two channels, each of which loses its first.
        #expect(kept[first] == [1, 3, 5, 7])
        let inner = try #require(groups.firstIndex { $0.name.hasSuffix("to_q") })
        #expect(kept[inner] == Array(8..<16))
    }

    @Test func aRatioTooSmallForEveryGroupIsRefused() throws {
        var graph = Graph()
        let sample = try graph.add("sample", Input(Shape(height: 2, width: 2, channels: 3)))
        let conv = try graph.add("conv", Conv2d("conv", in: 3, out: 8), [sample])
        let norm = try graph.add("norm", GroupNorm("norm", channels: 8, groups: 4, epsilon: 1e-6), [conv])
        graph.addOutput("out_sample", try graph.add("last", Conv2d("last", in: 8, out: 3), [norm]))
        let groups = graph.channelGroups()
        #expect(groups.map(\.width) == [8])
        for widths in Widths.allCases {
            // 8 - int(8 · 0.6) is 4, one of every chunk; 8 - int(8 · 0.7) is 3, of which no chunk can give one.
            try Selection(ratio: 0.4, widths: widths, blockRules: 4).validate(groups)
            #expect(throws: PruningError.nothingToRemove(ratio: 0.3, least: 0.38)) {
                try Selection(ratio: 0.3, widths: widths, blockRules: 4).validate(groups)
            }
        }
    }

    /// Cut to the same width they would need no shortcut, which the weights have: the wider one keeps the next width.
    @Test func neighboursThatDifferGoOnDiffering() throws {
        let rules = BlockRules(4, blocks: [8, 16, 16, 12])
        func widths(_ ratio: Double) -> [Int] {
            [8, 16, 12].map(Selection(ratio: ratio, widths: .diffusers, blockRules: rules).blockWidth)
        }
        // 12 loses 4, 16 would lose 8.
        #expect(widths(0.5) == [4, 12, 8])
        #expect(widths(0.95) == [4, 8, 4])
        // Where that leaves everything as it is no ratio helps.
        let stuck = BlockRules(32, blocks: [32, 64])
        #expect([32, 64].map(Selection(ratio: 0.9, widths: .diffusers, blockRules: stuck).blockWidth) == [32, 64])
    }

    @Test func widthsByBlockAreRefusedWhereThereAreNoBlocks() throws {
        var graph = Graph()
        let sample = try graph.add("sample", Input(Shape(height: 2, width: 2, channels: 3)))
        let conv = try graph.add("conv", Conv2d("conv", in: 3, out: 8, width: .own), [sample])
        graph.addOutput("out_sample", try graph.add("last", Conv2d("last", in: 8, out: 3), [conv]))
        let groups = graph.channelGroups()
        #expect(groups.map(\.width) == [8])
        #expect(throws: PruningError.noBlockWidths) { try Selection(ratio: 0.9, widths: .diffusers, blockRules: 1).validate(groups) }
        try Selection(ratio: 0, widths: .diffusers, blockRules: 1).validate(groups)
        try Selection(ratio: 0.9, widths: .free, blockRules: 1).validate(groups)
    }

    @Test func aBlockTooNarrowForItsHeadsIsRefusedByName() throws {
        let model = try Golden.unet("scale_shift").model
        let groups = model.graph.channelGroups()
        do throws(PruningError) {
            try selection(model, 0.5, .diffusers).validate(groups)
            Issue.record("taken")
        } catch {
            guard case .noHeadLeft(let group, headWidth: 8, blockWidth: 4) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(group.contains("attentions"))
        }
    }

    /// attn_norm_num_groups need not divide the first blocks' widths: those still fall into norm_num_groups.
    @Test func aNormOfTheMiddleDoesNotBreakTheOtherBlocks() throws {
        let text = """
            {"block_out_channels": [8, 12], "down_block_types": ["DownBlock2D", "DownBlock2D"], "up_block_types": ["UpBlock2D", "UpBlock2D"],
             "sample_size": 4, "norm_num_groups": 4, "attn_norm_num_groups": 3, "layers_per_block": 1, "attention_head_dim": 4}
            """
        let model = try UNet2DModel(UNet2DConfiguration(json: Data(text.utf8)))
        let trained = TrainedModel(initializing: model, seed: 1)
        let selection = selection(model, 0.7, .diffusers)
        let scores = try trained.selectChannels(.magnitude, importance: nil, seed: 0, selection: selection)
        let pruned = try trained.pruned(kept: scores.map(\.kept), widths: .diffusers, steps: 10)
        #expect(try pruned.unet.configuration.blockOutChannels == [4, 12])
    }
}
