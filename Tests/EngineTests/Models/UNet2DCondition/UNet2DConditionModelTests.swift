import Documents
import Engine
import Foundation
import Testing

/// Against diffusers' own output and gradients; the golden files are made by Tests/Fixtures/make_unet_golden.py.
@Suite struct UNet2DConditionModelTests {
    static let names = ["sd1", "sd2", "simple", "classes", "fourier", "vectors"]

    @Test(arguments: names, [1, 2])
    func outputAndGradientsAgreeWithDiffusers(name: String, threads: Int) throws {
        let (model, weights) = try Golden.condition(name)
        try Golden.expectAgreement(model.graph, weights, with: "condition/\(name)/golden.safetensors", threads: threads)
    }

    @Test(arguments: names)
    func runningInSegmentsGivesTheSameGradients(name: String) throws {
        let (model, weights) = try Golden.condition(name)
        let golden = try Golden.tensors("condition/\(name)/golden.safetensors")
        let found = try [1, 3].map { segments in
            let gradients = Weights(weights.parameters)
            let executor = Executor(
                graph: model.graph, weights: weights, gradients: gradients, batch: 2, segments: segments, parallel: Parallel(threads: 2))
            try Golden.feed(golden, to: executor)
            executor.forward()
            for index in 0..<(2 * executor.outputShape.count) { executor.outputGradient[index] = executor.output[index] }
            executor.backward()
            return gradients.parameters.indices.map { gradients.torchOrder($0) }
        }
        #expect(found[0] == found[1])
    }

    @Test func theNumberOfTokensIsNoPropertyOfTheWeights() throws {
        let (model, _) = try Golden.condition("sd1")
        let other = try model.told(tokens: 77)
        #expect(other.graph.input("encoder_hidden_states") == Shape(height: 1, width: 77, channels: 24))
        #expect(other.graph.parameters == model.graph.parameters)
        #expect(model.condition == .tokens(width: 24))
        #expect(try Golden.condition("simple").model.condition == .tokens(width: 5))
    }

    /// Every coupling that a transformer has, by the names of its parameters.
    @Test func halvesOfAGateAndHeadsStandOrFallTogether() throws {
        let (model, _) = try Golden.condition("sd1")
        let groups = Dictionary(uniqueKeysWithValues: model.graph.channelGroups().map { ($0.name, $0) })
        let block = "down_blocks.0.attentions.0.transformer_blocks.0"
        func members(_ name: String) throws -> Set<String> {
            let group = try #require(groups[name], "\(name)")
            return Set(group.members.map { "\($0.parameter) \($0.axis) \($0.offset)" })
        }
        #expect(
            try members("\(block).ff.net.0.proj") == [
                "\(block).ff.net.0.proj.weight 0 0", "\(block).ff.net.0.proj.weight 0 32", "\(block).ff.net.0.proj.bias 0 0",
                "\(block).ff.net.0.proj.bias 0 32", "\(block).ff.net.2.weight 1 0",
            ])
        #expect(try members("\(block).attn2.to_q") == ["\(block).attn2.to_q.weight 0 0", "\(block).attn2.to_k.weight 0 0"])
        #expect(try members("\(block).attn2.to_v") == ["\(block).attn2.to_v.weight 0 0", "\(block).attn2.to_out.0.weight 1 0"])
        let stream = try members("down_blocks.0.attentions.0.proj_in")
        for name in ["attn1.to_q", "attn1.to_k", "attn1.to_v", "attn2.to_q", "ff.net.0.proj"] {
            #expect(stream.contains("\(block).\(name).weight 1 0"))
        }
        for name in ["attn1.to_out.0", "attn2.to_out.0", "ff.net.2"] {
            #expect(stream.contains("\(block).\(name).weight 0 0") && stream.contains("\(block).\(name).bias 0 0"))
        }
        for norm in 1...3 { #expect(stream.contains("\(block).norm\(norm).weight 0 0")) }
        #expect(stream.contains("down_blocks.0.attentions.0.proj_out.weight 1 0"))
        // What tokens are is for others to say.
        let cut = Set(model.graph.channelGroups().flatMap(\.members).filter { $0.axis == 1 }.map(\.parameter))
        #expect(!cut.contains("\(block).attn2.to_k.weight") && !cut.contains("\(block).attn2.to_v.weight"))
    }

    /// The kept channels of a cut by magnitudes.
    private func kept(_ trained: TrainedModel, ratio: Double, widths: Widths) throws -> [[Int]] {
        let selection = Selection(ratio: ratio, widths: widths, blockRules: trained.model.blockRules)
        return try trained.selectChannels(.magnitude, importance: nil, seed: 0, selection: selection).map(\.kept)
    }

    @Test(arguments: ["sd1", "sd2"], [0.3, 0.5])
    func diffusersWidthsAreWholeHeadsThatAConfigurationTells(name: String, ratio: Double) throws {
        let (model, weights) = try Golden.condition(name)
        let trained = TrainedModel(model: model, weights: weights)
        let cut = try trained.pruned(kept: kept(trained, ratio: ratio, widths: .diffusers), widths: .diffusers, steps: 1000)
        let result = try #require(cut.model as? UNet2DConditionModel)
        let again = try UNet2DConditionModel(json: result.config, shapes: [:])
        #expect(again.graph.parameters == result.graph.parameters)
        for (old, new) in zip(model.configuration.levels, result.configuration.levels) {
            #expect(old.width / old.heads == new.width / new.heads && new.width % new.heads == 0)
        }
        #expect(result.configuration.levels[1].width < model.configuration.levels[1].width)
    }

    /// As class-conditional latent diffusion has it: no head has to go for it to become narrower.
    @Test func aHeadAloneIsAsWideAsItsBlock() throws {
        let (several, weights) = try Golden.condition("sd1")
        let config = try JSON(parsing: Array(several.config)).replacing(["attention_head_dim": 1])
        let model = try UNet2DConditionModel(json: Data(config.compact.utf8), shapes: [:])
        let trained = TrainedModel(model: model, weights: weights)
        let cut = try trained.pruned(kept: kept(trained, ratio: 0.3, widths: .diffusers), widths: .diffusers, steps: 1000)
        let result = try #require(cut.model as? UNet2DConditionModel)
        #expect(result.configuration.levels.map(\.width) == [6, 12] && result.configuration.levels.map(\.heads) == [1, 1])
        #expect(try UNet2DConditionModel(json: result.config, shapes: [:]).graph.parameters == result.graph.parameters)
    }

    /// Of a narrower first block the sinusoid goes on as frequencies that are stored: the same function of the timestep.
    @Test func theSinusoidOfANarrowerFirstBlockIsStored() throws {
        let (model, weights) = try Golden.condition("sd1")
        let trained = TrainedModel(model: model, weights: weights)
        let kept = try kept(trained, ratio: 0.5, widths: .diffusers)
        let cut = try trained.pruned(kept: kept, widths: .diffusers, steps: 1000)
        let result = try #require(cut.model as? UNet2DConditionModel)
        #expect(result.configuration.hasStoredFrequencies && result.configuration.timeEmbeddingDim == 32)
        let sliced = try model.graph.cut(kept: kept, weights: weights)
        let golden = try Golden.tensors("condition/sd1/golden.safetensors")
        let outputs = try [(sliced.graph, sliced.weights), (result.graph, cut.weights)].map { graph, weights in
            let executor = Executor(graph: graph, weights: weights, batch: 2, parallel: Parallel(threads: 1))
            try Golden.feed(golden, to: executor)
            executor.forward()
            return Array(UnsafeBufferPointer(start: executor.output, count: 2 * executor.outputShape.count))
        }
        #expect(relativeError(outputs[1], outputs[0]) < 2e-5)
    }

    @Test(arguments: names, [0.3, 0.6])
    func freeWidthsAreToldByTensors(name: String, ratio: Double) throws {
        let (model, weights) = try Golden.condition(name)
        let trained = TrainedModel(model: model, weights: weights)
        let cut = try trained.pruned(kept: kept(trained, ratio: ratio, widths: .free), widths: .free, steps: 1000)
        #expect(cut.model.freeWidths && cut.model.graph.parameterCount < model.graph.parameterCount)
        let shapes = Dictionary(uniqueKeysWithValues: cut.weights.parameters.map { ($0.name, $0.shape) })
        let again = try UNet2DConditionModel(json: cut.model.config, shapes: shapes)
        #expect(again.graph.parameters == cut.model.graph.parameters)
    }

    /// Where pixels attend to each other beside transformers, one list says both how many heads there are and how wide others are.
    @Test func headsThatAConfigurationCannotTellAreRefused() throws {
        let (model, weights) = try Golden.condition("classes")
        let trained = TrainedModel(model: model, weights: weights)
        #expect(throws: WidthsError.headsAreWidths(level: 1)) {
            try trained.pruned(kept: kept(trained, ratio: 0.5, widths: .diffusers), widths: .diffusers, steps: 1000)
        }
    }
}
