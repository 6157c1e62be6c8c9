import Engine
import Testing

extension Golden {
    /// A golden file's `sample`, `timesteps`, `class_labels` and `encoder_hidden_states`, as many as there are, in an executor of two samples.
    static func feed(_ golden: [String: Tensor], to executor: Executor) throws {
        let sample = try #require(golden["sample"]), timesteps = try #require(golden["timesteps"])
        PixelOrder.channelsLast(sample.values, to: executor.sample, batch: 2, shape: executor.sampleShape)
        for image in 0..<2 { executor.timesteps[image] = timesteps.values[image] }
        for name in ["class_labels", "encoder_hidden_states"] {
            guard let told = golden[name] else { continue }
            #expect(told.values.count == 2 * executor.input(name).shape.count)
            executor.input(name).values.update(from: told.values, count: told.values.count)
        }
    }

    /// Checks a network's output and the gradients of all of its parameters against a golden file.
    static func expectAgreement(_ graph: Graph, _ weights: Weights, with path: String, threads: Int) throws {
        let golden = try tensors(path)
        let gradients = Weights(weights.parameters)
        let executor = Executor(graph: graph, weights: weights, gradients: gradients, batch: 2, parallel: Parallel(threads: threads))
        try feed(golden, to: executor)
        let expected = try #require(golden["output"]), target = try #require(golden["target"])
        executor.forward()

        let shape = executor.outputShape
        var output = [Float](repeating: 0, count: 2 * shape.count)
        PixelOrder.channelsFirst(executor.output, to: &output, batch: 2, shape: shape)
        #expect(relativeError(output, expected.values) < 1e-5)

        let slope = zip(output, target.values).map { 2 * ($0 - $1) / Float(output.count) }
        PixelOrder.channelsLast(slope, to: executor.outputGradient, batch: 2, shape: shape)
        executor.backward()
        for (index, parameter) in gradients.parameters.enumerated() where parameter.isTrained {
            let expected = try #require(golden["grad.\(parameter.name)"], "\(parameter.name)")
            // A key's bias cancels in the softmax: its gradient is rounding around zero.
            let scale = max(expected.values.map(abs).max() ?? 0, 1e-4)
            let error = zip(gradients.torchOrder(index), expected.values).map { abs($0 - $1) }.max() ?? 0
            #expect(error / scale < 2e-4, "\(parameter.name)")
        }
        let frozen = gradients.parameters.filter { !$0.isTrained }
        #expect(gradients.parameters.count == golden.keys.filter { $0.hasPrefix("grad.") }.count + frozen.count)
        for parameter in frozen {
            #expect(gradients.torchOrder(try #require(gradients.index(of: parameter.name))).allSatisfy { $0 == 0 })
        }
    }
}
