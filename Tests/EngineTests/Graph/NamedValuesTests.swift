import Engine
import Testing

/// Inputs and outputs go by their names, wherever in the graph they stand.
@Suite struct NamedValuesTests {
    private let shape = Shape(height: 3, width: 2, channels: 5)

    /// Two inputs, and two outputs of which the first is read on: by a sum, which its layer would take over if nobody else looked at it.
    private func graph() throws -> Graph {
        var graph = Graph()
        let latent = try graph.add("latent", Input(shape.with(channels: 6)))
        let sample = try graph.add("sample", Input(shape))
        let features = try graph.add("x", Linear("x", in: 5, out: 6, width: .own), [sample])
        let activated = try graph.add("activated", Activation(.silu), [latent])
        let sum = try graph.add("sum", Add(), [features, activated])
        graph.addOutput("out_sample", try graph.add("last", Linear("last", in: 6, out: 3, width: .own), [sum]))
        graph.addOutput("features", features)
        return graph
    }

    @Test func aGraphTellsTheShapesOfItsInputsAndOutputs() throws {
        let graph = try graph()
        #expect(graph.input("sample") == shape && graph.input("latent") == shape.with(channels: 6) && graph.input("x") == nil)
        #expect(graph.output("out_sample") == shape.with(channels: 3) && graph.output("features") == shape.with(channels: 6))
        #expect(graph.output("x") == nil)
        #expect(graph.foldingSums().outputs.map(\.name) == ["out_sample", "features"])
    }

    @Test func noOutputLosesChannels() throws {
        #expect(try graph().channelGroups().isEmpty)
    }

    @Test(arguments: [1, 3], [1, 2])
    func gradientsOfAllOutputsAddUp(segments: Int, threads: Int) throws {
        let graph = try graph()
        var generator = TorchGenerator(seed: 5)
        func numbers(_ count: Int) -> [Double] { generator.uniform(count, from: -1, to: 1).map(Double.init) }
        let samples = Samples(batch: 2, shape: shape, values: numbers(2 * shape.count))
        let latents = Samples(batch: 2, shape: shape.with(channels: 6), values: numbers(2 * 6 * shape.pixels))
        let parameters = graph.parameters.map { PlainTensor(shape: $0.shape, values: numbers($0.count)) }
        let functional = numbers(2 * 9 * shape.pixels)
        // The outputs one after the other.
        let twin = Twin { inputs, parameters in
            let features = Twin.linear([inputs[0]], Array(parameters[..<2]))
            let sum = Twin.add(scale: 1)([features, Twin.silu([inputs[1]])])
            let last = Twin.linear([sum], Array(parameters[2...]))
            return Samples(batch: 2, shape: last.shape.with(channels: 9), values: last.values + features.values)
        }

        let weights = Weights(graph.parameters), gradients = Weights(graph.parameters)
        for (index, tensor) in parameters.enumerated() { weights.setTorchOrder(index, tensor.values.map { Float($0) }) }
        let executor = Executor(
            graph: graph, weights: weights, gradients: gradients, batch: 2, segments: segments, parallel: Parallel(threads: threads))
        #expect(executor.inputs.map(\.name) == ["latent", "sample"])
        for (name, values) in [("sample", samples.values), ("latent", latents.values)] {
            for (index, value) in values.enumerated() { executor.input(name).values[index] = Float(value) }
        }
        executor.forward()
        let outputs = executor.outputs.flatMap { Array(UnsafeBufferPointer(start: $0.values, count: 2 * $0.shape.count)) }
        #expect(largestDifference(outputs, twin([samples, latents], parameters).values.map { Float($0) }) < 1e-5)
        var place = 0
        for output in executor.outputs {
            let gradient = try #require(output.gradient)
            for index in 0..<(2 * output.shape.count) { gradient[index] = Float(functional[place + index]) }
            place += 2 * output.shape.count
        }
        executor.backward()

        var differences = FiniteDifferences(inputs: [samples, latents], parameters: parameters, functional: functional, twin: twin)
        for index in parameters.indices {
            let found = gradients.torchOrder(index)
            for probe in differences.probes(of: index + 2) {
                #expect(probe.error(of: found) < 1e-4, "\(weights.parameters[index].name), \(probe)")
            }
        }
    }
}
