import Engine
import Foundation
import Testing

/// Against diffusers' own outputs and gradients; the golden files are made by Tests/Fixtures/make_autoencoder_golden.py.
@Suite struct AutoencoderModelTests {
    static let names = ["kl", "kl_attention", "vq", "movq"]

    /// What an executor makes of two samples, and the gradients of mean((output - target)²).
    private func run(
        _ graph: Graph, _ weights: Weights, _ values: [Float], target: [Float], threads: Int
    ) -> (output: [Float], gradients: Weights) {
        let gradients = Weights(weights.parameters)
        let executor = Executor(graph: graph, weights: weights, gradients: gradients, batch: 2, parallel: Parallel(threads: threads))
        let (input, output) = (executor.inputs[0], executor.outputs[0])
        PixelOrder.channelsLast(values, to: input.values, batch: 2, shape: input.shape)
        executor.forward()
        var found = [Float](repeating: 0, count: 2 * output.shape.count)
        PixelOrder.channelsFirst(output.values, to: &found, batch: 2, shape: output.shape)
        let slope = zip(found, target).map { 2 * ($0 - $1) / Float(found.count) }
        if let gradient = output.gradient { PixelOrder.channelsLast(slope, to: gradient, batch: 2, shape: output.shape) }
        executor.backward()
        return (found, gradients)
    }

    private func check(_ gradients: Weights, _ golden: [String: Golden.Tensor], prefix: String) throws {
        var compared = 0
        // What comes before a norm of single channels, and a key's bias in the softmax, cancel: their gradients are rounding around zero.
        let floor = 1e-3 * (golden.filter { $0.key.hasPrefix(prefix) }.flatMap(\.value.values).map(abs).max() ?? 0)
        for (index, parameter) in gradients.parameters.enumerated() {
            guard let expected = golden[prefix + parameter.name] else { continue }
            compared += 1
            let scale = max(expected.values.map(abs).max() ?? 0, floor)
            let error = zip(gradients.torchOrder(index), expected.values).map { abs($0 - $1) }.max() ?? 0
            #expect(error / scale < 2e-4, "\(parameter.name)")
        }
        #expect(compared == golden.keys.filter { $0.hasPrefix(prefix) }.count)
        #expect(compared * 3 > gradients.parameters.count * 2)
    }

    @Test(arguments: names, [1, 2])
    func outputsAndGradientsAgreeWithDiffusers(name: String, threads: Int) throws {
        let autoencoder = try Golden.autoencoder(name)
        let golden = try Golden.tensors("autoencoder/\(name)/golden.safetensors")
        let sample = try #require(golden["sample"]), latents = try #require(golden["latents"])
        let model = try AutoencoderModel(autoencoder.configuration, height: sample.shape[2], width: sample.shape[3])

        let moments = try #require(golden["moments"]), target = try #require(golden["moments_target"])
        let encoder = try #require(autoencoder.encoder)
        let encoded = run(model.encoder, encoder, sample.values, target: target.values, threads: threads)
        #expect(relativeError(encoded.output, moments.values) < 1e-5)
        try check(encoded.gradients, golden, prefix: "encoder.")

        let pictures = try #require(golden["decoded"]), wanted = try #require(golden["decoded_target"])
        let decoder = try #require(autoencoder.decoder)
        let decoded = run(model.decoder, decoder, latents.values, target: wanted.values, threads: threads)
        #expect(relativeError(decoded.output, pictures.values) < 1e-5)
        try check(decoded.gradients, golden, prefix: "decoder.")
    }

    /// The layers around the latents are no level's, and what goes in and comes out keeps its channels.
    @Test(arguments: names)
    func channelsAreCoupledByTheLayersThemselves(name: String) throws {
        let autoencoder = try Golden.autoencoder(name)
        let model = try AutoencoderModel(autoencoder.configuration)
        for half in AutoencoderHalf.allCases {
            let graph = model.graph(half)
            let groups = graph.channelGroups()
            #expect(!groups.isEmpty)
            let weights = try #require(half == .encoder ? autoencoder.encoder : autoencoder.decoder)
            // Half of each norm's group, where it has more than one channel.
            let kept = groups.map { group in
                let size = group.width / group.normGroups
                return (0..<group.width).filter { $0 % size < (size + 1) / 2 }
            }
            let cut = try graph.cut(kept: kept, weights: weights)
            #expect(cut.graph.parameterCount < graph.parameterCount)
            #expect(cut.graph.inputs == graph.inputs && cut.graph.outputShapes == graph.outputShapes)
        }
    }

    @Test func picturesOfOtherSizesAreRefused() throws {
        let configuration = try Golden.autoencoder("kl_attention").configuration
        #expect(configuration.scaleFactor == 4)
        for (height, width) in [(8, 6), (2, 8), (0, 4), (-4, 4)] {
            #expect(throws: AutoencoderError.size(height: height, width: width, multiple: 4)) {
                try AutoencoderModel(configuration, height: height, width: width)
            }
        }
        for (height, width) in [(1 << 15, 4), (1 << 12, 1 << 12)] {
            #expect(throws: AutoencoderError.tooLarge(height: height, width: width)) {
                try AutoencoderModel(configuration, height: height, width: width)
            }
        }
    }
}

extension Graph {
    fileprivate var inputs: [Shape] { nodes.filter { $0.inputs.isEmpty }.map(\.shape) }
    fileprivate var outputShapes: [Shape] { outputs.map { nodes[$0.node].shape } }
}
