import Engine
import Foundation
import Testing

/// Decoders that are pruned by themselves.
@Suite struct AsymmetricAutoencoderTests {
    private static let config = try? Golden.data("autoencoder/kl/config.json")
    private static let mask = "decoder.condition_encoder."

    private func trained() throws -> TrainedModel {
        let weights = try SafeTensorsReader(path: Golden.fixtures.appending(path: "autoencoder/kl/weights.safetensors").path)
        return try DiffusionCheckpoint(
            config: #require(Self.config), weights: weights, scheduler: nil, as: AsymmetricAutoencoderKL.self
        ).trained
    }

    private func cut(_ trained: TrainedModel, ratio: Double) throws -> TrainedModel {
        let selection = Selection(ratio: ratio, widths: .diffusers, blockRules: trained.model.blockRules)
        let kept = try trained.selectChannels(.magnitude, importance: nil, seed: 0, selection: selection).map(\.kept)
        return try trained.pruned(kept: kept, widths: .diffusers, steps: nil)
    }

    /// What a network gives for one picture.
    private func output(_ trained: TrainedModel) -> [Float] {
        var generator = TorchGenerator(seed: 8)
        let executor = Executor(graph: trained.model.graph, weights: trained.weights, batch: 1, parallel: Parallel(threads: 2))
        let (input, output) = (executor.input("sample"), executor.output("reconstruction"))
        PixelOrder.channelsLast(generator.uniform(input.shape.count, from: -1, to: 1), to: input.values, batch: 1, shape: input.shape)
        executor.forward()
        return Array(UnsafeBufferPointer(start: output.values, count: output.shape.count))
    }

    @Test func theEncoderIsNeitherCutNorTrained() throws {
        let trained = try trained()
        #expect(trained.model.className == "AutoencoderKL")
        let members = trained.model.graph.channelGroups().flatMap(\.members).map(\.parameter)
        #expect(!members.isEmpty && members.allSatisfy { $0.hasPrefix("decoder.") })
        // The same function as both halves'.
        let both = TrainedModel(
            model: try AutoencoderKL(json: #require(Self.config), shapes: [:]), weights: trained.weights)
        #expect(output(trained) == output(both))

        var settings = FineTuner.Settings()
        (settings.steps, settings.batchSize, settings.weightDecay, settings.emaDecay) = (2, 2, 0.1, 0.9)
        var generator = TorchGenerator(seed: 1)
        let pictures = generator.uniform(4 * trained.model.sampleShape.count, from: -1, to: 1)
        for optimizer in OptimizerName.allCases {
            settings.optimizer = optimizer
            let start = TrainedModel(model: trained.model, weights: trained.weights.copy())
            let result = try FineTuner(settings).run(
                training: start, on: Reconstruction(PictureSet.of(pictures, trained.model.sampleShape)),
                parallel: Parallel(threads: 2)
            ) { _, _ in }
            for weights in [result.averaged, result.last] {
                for (index, parameter) in weights.parameters.enumerated() {
                    let isSame = weights.torchOrder(index) == trained.weights.torchOrder(index)
                    #expect(isSame != (parameter.name.hasPrefix("decoder.") || parameter.name.hasPrefix("post_quant")), "\(parameter.name)")
                }
            }
        }
    }

    @Test func aCutDecoderIsOfTheClassWithTwoWidths() throws {
        let trained = try trained()
        let cut = try cut(trained, ratio: 0.5)
        #expect(cut.model.className == "AsymmetricAutoencoderKL" && cut.model.isCut(of: trained.model))
        let configuration = try #require(cut.model as? AsymmetricAutoencoderKL).configuration
        #expect(configuration.blockOutChannels == [8, 16] && configuration.decoderBlockOutChannels == [4, 8])
        for (index, parameter) in cut.weights.parameters.enumerated() {
            let numbers = cut.weights.torchOrder(index)
            if parameter.name.hasPrefix(Self.mask) {
                #expect(numbers.allSatisfy { $0 == 0 })
            } else if !parameter.name.hasPrefix("decoder.") {
                #expect(numbers == trained.weights.torchOrder(try #require(trained.weights.index(of: parameter.name))), "\(parameter.name)")
            }
        }
        // What was written is read again, whatever it is taken for.
        let read = try AsymmetricAutoencoderKL(json: cut.model.config, shapes: [:])
        #expect(read.graph.parameters == cut.weights.parameters)
        #expect(output(TrainedModel(model: read, weights: cut.weights)) == output(cut))
        #expect(read.warnings.map(\.code) == ["mask_not_run"])
    }

    /// As many numbers as diffusers' class has, counted there.
    @Test(arguments: [([128, 256, 512, 512], 10_786_048), ([8, 16], 13_728), ([32, 16], 15_104)])
    func theLayersForAMaskHaveTheClassesShapes(widths: [Int], numbers: Int) throws {
        let levels = widths.count
        let names = { (name: String) in "[" + [String](repeating: "\"\(name)\"", count: levels).joined(separator: ",") + "]" }
        let config = """
            {"_class_name": "AsymmetricAutoencoderKL", "down_block_types": \(names("DownEncoderBlock2D")), "up_block_types": \(names("UpDecoderBlock2D")),
            "down_block_out_channels": \(widths), "up_block_out_channels": \(widths), "norm_num_groups": 4}
            """
        let model = try AsymmetricAutoencoderKL(json: Data(config.utf8), shapes: [:])
        #expect(model.graph.parameters.filter { $0.name.hasPrefix(Self.mask) }.reduce(0) { $0 + $1.count } == numbers)
    }

    @Test(arguments: [
        ("\"use_quant_conv\": true", "\"use_quant_conv\": false", "use_quant_conv"),
        ("\"use_post_quant_conv\": true", "\"use_post_quant_conv\": false", "use_post_quant_conv"),
        ("\"mid_block_add_attention\": true", "\"mid_block_add_attention\": false", "mid_block_add_attention"),
        ("\"shift_factor\": null", "\"shift_factor\": 0.1", "shift_factor"),
    ])
    func whatTheClassCannotSayIsToldByItsKey(old: String, new: String, key: String) throws {
        let text = String(decoding: try #require(Self.config), as: UTF8.self)
        #expect(AsymmetricAutoencoderKL.objection(to: try AutoencoderConfiguration(json: Data(text.utf8))) == nil)
        let other = try AutoencoderConfiguration(json: Data(text.replacingOccurrences(of: old, with: new).utf8))
        #expect(AsymmetricAutoencoderKL.objection(to: other)?.description.contains(key) == true)
    }

    @Test func halvesOfOtherDepthAreRefused() throws {
        let config = #"{"_class_name": "AsymmetricAutoencoderKL", "down_block_out_channels": [32, 32], "up_block_out_channels": [32]}"#
        #expect(throws: ConfigurationError.self) { try AutoencoderConfiguration(json: Data(config.utf8)) }
    }
}
