import Engine
import Foundation
import Testing

/// Autoencoders as networks that are pruned; the golden files are made by Tests/Fixtures/make_autoencoder_golden.py.
@Suite struct AutoencoderArchitectureTests {
    /// Those that make pictures like those they take.
    static let names = ["kl", "vq", "movq"]

    private func trained(_ name: String) throws -> TrainedModel {
        let path = Golden.fixtures.appending(path: "autoencoder/\(name)/weights.safetensors").path
        return try DiffusionCheckpoint(config: Golden.data("autoencoder/\(name)/config.json"), weights: path, scheduler: nil).trained
    }

    /// What a network gives for one picture, (channels, height, width).
    private func output(_ trained: TrainedModel, _ sample: [Float]) -> [Float] {
        let executor = Executor(graph: trained.model.graph, weights: trained.weights, batch: 1, parallel: Parallel(threads: 2))
        let (input, output) = (executor.input("sample"), executor.output("reconstruction"))
        PixelOrder.channelsLast(sample, to: input.values, batch: 1, shape: input.shape)
        executor.forward()
        var found = [Float](repeating: 0, count: output.shape.count)
        PixelOrder.channelsFirst(output.values, to: &found, batch: 1, shape: output.shape)
        return found
    }

    private func picture(_ shape: Shape) -> [Float] {
        var generator = TorchGenerator(seed: 8)
        return generator.uniform(shape.count, from: -1, to: 1)
    }

    @Test(arguments: names) func reconstructionsAreWhatTheDecoderMakesOfWhatTheEncoderGives(name: String) throws {
        let trained = try trained(name)
        let shape = trained.model.sampleShape
        #expect(shape == Shape(height: 32, width: 32, channels: 3))
        #expect(trained.model.objectives == [.reconstruction] && !type(of: trained.model).hasSchedule)
        let autoencoder = try Golden.autoencoder(name)
        let (encoder, decoder) = (
            try LatentEncoder(autoencoder, height: 32, width: 32, samples: 1, memory: .max, parallel: Parallel(threads: 2)),
            try LatentDecoder(autoencoder, height: 32, width: 32, samples: 1, memory: .max, parallel: Parallel(threads: 2))
        )
        let picture = picture(shape)
        let expected = try decoder.decode(encoder.encode(picture))
        #expect(relativeError(output(trained, picture), expected) < 1e-5)
    }

    /// Whoever works with latents, the table or pictures finds them as they were.
    @Test(arguments: names) func latentsAndPicturesKeepTheirChannels(name: String) throws {
        let graph = try trained(name).model.graph
        let axes = graph.channelGroups().flatMap(\.members).map { "\($0.parameter) \($0.axis)" }
        let fixed = [
            "encoder.conv_in.weight 1", "encoder.conv_out.weight 0", "encoder.conv_out.bias 0", "quant_conv.weight 0",
            "quant_conv.weight 1",
            "quantize.embedding.weight 0", "quantize.embedding.weight 1", "post_quant_conv.weight 0", "post_quant_conv.weight 1",
            "decoder.conv_in.weight 1", "decoder.conv_out.weight 0", "decoder.conv_out.bias 0",
        ]
        #expect(Set(axes).isDisjoint(with: fixed))
        #expect(axes.contains("encoder.conv_out.weight 1") && axes.contains("decoder.conv_in.weight 0"))
    }

    @Test(arguments: names, [Widths.free, .diffusers]) func whatACutLeavesIsReadAgain(name: String, widths: Widths) throws {
        let trained = try trained(name)
        let selection = Selection(ratio: 0.5, widths: widths, blockRules: trained.model.blockRules)
        let groups = trained.model.graph.channelGroups()
        guard (try? selection.validate(groups)) != nil else {
            // 32 norm groups in blocks of 32 channels leave nothing to cut.
            #expect(name == "movq")
            return
        }
        let kept = try trained.selectChannels(.magnitude, importance: nil, seed: 0, selection: selection).map(\.kept)
        let cut = try trained.pruned(kept: kept, widths: widths, steps: nil)
        #expect(cut.model.graph.parameterCount < trained.model.graph.parameterCount)
        #expect(cut.model.freeWidths == (widths == .free))
        #expect((cut.model.blockWidths == nil) == (widths == .free))
        let shapes = Dictionary(uniqueKeysWithValues: cut.weights.parameters.map { ($0.name, $0.shape) })
        let read = try type(of: cut.model).init(json: cut.model.config, shapes: shapes)
        #expect(read.graph.parameters == cut.weights.parameters)

        // Slices of the original as they are, and so the network without the other channels.
        let (plain, _) = try trained.model.graph.cut(kept: kept, weights: trained.weights)
        let picture = picture(trained.model.sampleShape)
        let sliced = try trained.model.graph.cut(kept: kept, weights: trained.weights).weights
        let expected = Executor(graph: plain, weights: sliced, batch: 1, parallel: Parallel(threads: 1))
        PixelOrder.channelsLast(picture, to: expected.inputs[0].values, batch: 1, shape: expected.inputs[0].shape)
        expected.forward()
        var wanted = [Float](repeating: 0, count: picture.count)
        PixelOrder.channelsFirst(expected.outputs[0].values, to: &wanted, batch: 1, shape: expected.outputs[0].shape)
        #expect(relativeError(output(cut, picture), wanted) < 1e-5)
    }

    @Test func oneThatMakesOtherPicturesThanItTakesSaysSo() throws {
        let config = try Golden.data("autoencoder/kl_attention/config.json")
        let model = try AutoencoderKL(json: config, shapes: [:])
        #expect(model.objectives.isEmpty && model.objectiveNote?.contains("(2)") == true)
    }

    @Test(arguments: ["kl", "vq", "movq", "kl_attention"]) func freshWeightsAreThoseOfBothHalves(name: String) throws {
        let config = try Golden.data("autoencoder/\(name)/config.json")
        let fresh = try DiffusionCheckpoint(config: config, initializingFrom: 5, scheduler: nil).trained.weights
        let halves = try Autoencoder(config: config, initializingFrom: 5)
        for weights in [halves.encoder, halves.decoder].compactMap({ $0 }) {
            for (index, parameter) in weights.parameters.enumerated() {
                let found = try #require(fresh.index(of: parameter.name))
                #expect(fresh.torchOrder(found) == weights.torchOrder(index), "\(parameter.name)")
            }
        }
    }

    @Test func sizesThatCannotBeHalvedAreRefused() throws {
        let config = String(decoding: try Golden.data("autoencoder/kl/config.json"), as: UTF8.self)
        let odd = config.replacingOccurrences(of: "\"sample_size\": 32", with: "\"sample_size\": 31")
        do {
            _ = try AutoencoderKL(json: Data(odd.utf8), shapes: [:])
            Issue.record("31×31 was taken")
        } catch {
            #expect("\(error)".contains("sample_size") && "\(error)".contains("multiples of 2"))
        }
        #expect(throws: ArchitectureError.self) { try VQModel(json: Data(config.utf8), shapes: [:]) }
    }
}
