import Engine
import Foundation
import Testing

/// Against a plain PyTorch rendering of the contract; the golden files are made by Tests/Fixtures/make_pruning_golden.py.
@Suite struct PruningGoldenTests {
    struct Run: Decodable, Sendable {
        struct Loss: Decodable, Sendable {
            let timestep: Int
            let loss: Double
            let kept: Bool
        }
        struct Group: Decodable, Sendable {
            let name: String
            let width: Int
            let members: [Member]
            let scores: [Double]
        }
        struct Member: Decodable, Sendable, Hashable {
            let parameter: String
            let axis: Int
            let offset: Int
        }
        struct Choice: Decodable, Sendable {
            let widths: String
            let ratio: Double
            let error: String?
            let parameters: Int?
            let macs: Int?
            let block_out_channels: [Int]?
            let kept: [String: [Int]]?
        }
        let seed: Int
        let batch_size: Int
        let threshold: Double
        let first: Int
        let last: Int
        let stride: Int
        let parameters: Int
        let macs: Int
        let losses: [Loss]
        let groups: [Group]
        let selections: [Choice]
    }

    static let configs = ["ddpm", "ldm", "scale_shift"]
    static let methods = [PruningMethod.diffPruning, .taylor, .magnitude, .random]
    static let steps = 50

    /// ᾱ of DDPM's linear schedule over 50 steps.
    static let alphasCumprod: [Float] = {
        var product: Float = 1
        return (0..<steps).map { step in
            product *= 1 - (1e-4 + (0.02 - 1e-4) * Float(step) / Float(steps - 1))
            return product
        }
    }()

    @Test(arguments: configs, methods)
    func lossesGroupsScoresAndSlicesAgreeWithPyTorch(config: String, method: PruningMethod) throws {
        let run = try JSONDecoder().decode(Run.self, from: Golden.data("pruning/\(config)/\(method.rawValue).json"))
        let inputs = try Golden.tensors("pruning/\(config)/inputs.safetensors")
        let (model, weights) = try Golden.unet(config)
        let trained = TrainedModel(model: model, weights: weights)
        #expect(model.graph.parameterCount == run.parameters)
        #expect(model.graph.multiplyAccumulates == run.macs)

        var importance: [[Double]]?
        if method.needsGradients {
            let scoring = Scoring(
                method: method, threshold: run.threshold, points: Array(stride(from: run.first, through: run.last, by: run.stride)),
                seed: run.seed)
            let pictures = PictureSet.of(try #require(inputs["x0"]).values, model.sampleShape)
            var losses: [Scoring.PointLoss] = []
            importance = try scoring.run(
                trained, on: NoisePrediction(pictures, alphasCumprod: Self.alphasCumprod), samples: pictures.count,
                parallel: Parallel(threads: 2)
            ) { loss, _ in losses.append(loss) }.importance
            #expect(losses.map(\.point) == run.losses.map(\.timestep))
            #expect(losses.map(\.isKept) == run.losses.map(\.kept))
            for (loss, expected) in zip(losses, run.losses) { #expect(abs(loss.loss / expected.loss - 1) < 1e-4) }
        }

        for choice in run.selections {
            let selection = Selection(
                ratio: choice.ratio, widths: try #require(Widths(rawValue: choice.widths)),
                blockRules: trained.model.blockRules)
            guard choice.error == nil else {
                #expect(throws: PruningError.self) {
                    try trained.selectChannels(method, importance: importance, seed: run.seed, selection: selection)
                }
                continue
            }
            let chosen = try trained.selectChannels(method, importance: importance, seed: run.seed, selection: selection)
            #expect(chosen.map(\.group.name) == run.groups.map(\.name))
            for (scores, expected) in zip(chosen, run.groups) {
                let members = scores.group.members.map { Run.Member(parameter: $0.parameter, axis: $0.axis, offset: $0.offset) }
                #expect(Set(members) == Set(expected.members), "\(expected.name)")
                let largest = expected.scores.max() ?? 1
                let error = zip(scores.scores, expected.scores).map { abs($0 - $1) }.max() ?? 1
                #expect(error < 1e-3 * largest, "\(expected.name)")
                #expect(scores.kept == choice.kept?[expected.name], "\(expected.name) \(choice.widths) \(choice.ratio)")
            }
            try check(choice, trained.pruned(kept: chosen.map(\.kept), widths: selection.widths, steps: Self.steps), method, config, inputs)
        }
    }

    private func check(
        _ choice: Run.Choice, _ pruned: TrainedModel, _ method: PruningMethod, _ config: String, _ inputs: [String: Golden.Tensor]
    ) throws {
        #expect(pruned.model.graph.parameterCount == choice.parameters)
        #expect(pruned.model.graph.multiplyAccumulates == choice.macs)
        if let widths = choice.block_out_channels { #expect(try pruned.unet.configuration.blockOutChannels == widths) }
        let outputs = try Golden.tensors("pruning/\(config)/outputs.safetensors")
        let expected = try #require(outputs["\(method.rawValue).\(choice.widths).\(choice.ratio)"])
        let sample = try #require(inputs["sample"]), timesteps = try #require(inputs["timesteps"])
        let executor = Executor(graph: pruned.model.graph, weights: pruned.weights, batch: 2, parallel: Parallel(threads: 2))
        PixelOrder.channelsLast(sample.values, to: executor.sample, batch: 2, shape: executor.sampleShape)
        for image in 0..<2 { executor.timesteps[image] = timesteps.values[image] }
        executor.forward()
        var output = [Float](repeating: 0, count: expected.values.count)
        PixelOrder.channelsFirst(executor.output, to: &output, batch: 2, shape: executor.outputShape)
        #expect(relativeError(output, expected.values) < 1e-4, "\(choice.widths) \(choice.ratio)")
    }

    @Test func cifar10AtThirtyPercentHasThePapersSize() throws {
        struct Expected: Decodable {
            struct Free: Decodable {
                let parameters: Int
                let macs: Int
                let widths: [String: Int]
            }
            let parameters: Int
            let macs: Int
            let free: Free
        }
        let data = try Golden.data("pruning/cifar10.json")
        let expected = try JSONDecoder().decode(Expected.self, from: data)
        let document = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let config = try JSONSerialization.data(withJSONObject: try #require(document["config"]))
        let trained = TrainedModel(initializing: try UNet2DModel(UNet2DConfiguration(json: config)), seed: 0)
        #expect(trained.model.graph.parameterCount == 35_746_307)
        #expect(trained.model.graph.multiplyAccumulates == 6_053_953_536)

        let selection = Selection(ratio: 0.3, widths: .free, blockRules: trained.model.blockRules)
        let chosen = try trained.selectChannels(.magnitude, importance: nil, seed: 0, selection: selection)
        for scores in chosen { #expect(scores.kept.count == expected.free.widths[scores.group.name], "\(scores.group.name)") }
        let pruned = try trained.pruned(kept: chosen.map(\.kept), widths: .free, steps: 1000)
        #expect(pruned.model.graph.parameterCount == 19_851_157)
        #expect(pruned.model.graph.multiplyAccumulates == 3_384_244_068)
    }
}
