import Engine
import Testing

@Suite struct ExecutorTests {
    /// A value that is read several times, and what reads it.
    struct Reuse: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let operation: any Operator
        /// For each input: whether it is the value itself or its SiLU.
        let inputs: [Bool]
        let twin: Twin
        /// Whether the SiLU is computed though nothing reads it.
        var hasDeadEnd = false
    }

    /// A resnet's two sums, of which the first delays a convolution beyond a linear layer, and sums that no layer can take over.
    @Test(arguments: [1, 2])
    func sumsWithinLayersAreTheSame(threads: Int) throws {
        let shape = Shape(height: 6, width: 5, channels: 18)
        func graph(folding: Bool) throws -> Graph {
            var graph = Graph()
            // A scale that rounds away keeps the sum a node of its own.
            let sum = Add(scale: folding ? 1 : 1 + Float.ulpOfOne)
            let sample = try graph.add("sample", Input(shape))
            let timestep = try graph.add("timestep", Input(.vector(1)))
            let x = try graph.add("x", Conv2d("x", in: 18, out: 18), [sample])
            let conv1 = try graph.add("conv1", Conv2d("conv1", in: 18, out: 17), [x])
            let time = try graph.add("time", Linear("time", in: 1, out: 17, width: .block), [timestep])
            let shifted = try graph.add("shifted", sum, [conv1, time])
            let conv2 = try graph.add("conv2", Conv2d("conv2", in: 17, out: 18), [shifted])
            let residual = try graph.add("residual", sum, [x, conv2])
            // Read twice, so what it is before the sum is needed.
            let both = try graph.add("both", Linear("both", in: 18, out: 18, width: .block), [residual])
            let again = try graph.add("again", sum, [residual, both])
            let shortcut = try graph.add(
                "shortcut", Conv2d("shortcut", in: 18, out: 18, kernel: 1, padding: .symmetric(0)), [again])
            let joined = try graph.add("joined", sum, [shortcut, both])
            graph.addOutput("out_sample", try graph.add("last", Activation(.silu), [joined]))
            return graph
        }
        let (plain, folding) = (try graph(folding: false), try graph(folding: true))
        #expect(plain.foldingSums().nodes.map(\.name) == plain.nodes.map(\.name))
        #expect(
            folding.foldingSums().nodes.map(\.name)
                == ["sample", "timestep", "x", "time", "conv1", "conv2", "both", "again", "shortcut", "last"])

        func run(_ graph: Graph, segments: Int) -> (output: [Float], gradients: [Float]) {
            var generator = TorchGenerator(seed: 5)
            let weights = Weights(graph.parameters), gradients = Weights(graph.parameters)
            for (index, parameter) in graph.parameters.enumerated() {
                weights.setTorchOrder(index, generator.uniform(parameter.count, from: -0.1, to: 0.1))
            }
            let executor = Executor(
                graph: graph, weights: weights, gradients: gradients, batch: 2, segments: segments, parallel: Parallel(threads: threads))
            for (index, value) in generator.uniform(2 * shape.count, from: -1, to: 1).enumerated() { executor.sample[index] = value }
            (executor.timesteps[0], executor.timesteps[1]) = (0.3, 0.9)
            executor.forward()
            let output = Array(UnsafeBufferPointer(start: executor.output, count: 2 * shape.count))
            for (index, value) in generator.uniform(2 * shape.count, from: -1, to: 1).enumerated() {
                executor.outputGradient[index] = value
            }
            executor.backward()
            return (output, graph.parameters.indices.flatMap { gradients.torchOrder($0) })
        }
        let expected = run(plain, segments: 1)
        for segments in [1, 3] {
            let found = run(folding, segments: segments)
            for (found, expected) in [(found.output, expected.output), (found.gradients, expected.gradients)] {
                let largest = expected.map(abs).max() ?? 0
                #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-5 * largest })
            }
        }
    }

    static let reuses = [
        Reuse(testDescription: "x + x", operation: Add(scale: 0.5), inputs: [true, true], twin: .add(scale: 0.5)),
        Reuse(testDescription: "concat(x, x)", operation: Concat(), inputs: [true, true], twin: .concat),
        Reuse(testDescription: "concat(x, silu(x), x)", operation: Concat(), inputs: [true, false, true], twin: .concat),
        Reuse(
            testDescription: "x + x beside what nothing reads", operation: Add(), inputs: [true, true], twin: .add(scale: 1),
            hasDeadEnd: true),
        Reuse(testDescription: "silu(x) + x", operation: Add(), inputs: [false, true], twin: .add(scale: 1)),
        Reuse(
            testDescription: "attention(x, x, x)", operation: Attention(heads: 2), inputs: [true, true, true], twin: .attention(heads: 2)),
        Reuse(
            testDescription: "attention(x, x, silu(x))", operation: Attention(heads: 1), inputs: [true, true, false],
            twin: .attention(heads: 1)),
        Reuse(
            testDescription: "attention(silu(x), x, x)", operation: Attention(heads: 2), inputs: [false, true, true],
            twin: .attention(heads: 2)),
    ]

    @Test(arguments: reuses, [1, 2])
    func gradientsOfAValueThatIsReadTwiceAddUp(reuse: Reuse, threads: Int) throws {
        let shape = Shape(height: 3, width: 2, channels: 5)
        var graph = Graph()
        let sample = try graph.add("sample", Input(shape))
        try graph.add("timestep", Input(.vector(1)))
        let x = try graph.add("x", Linear("x", in: 5, out: 6, width: .block), [sample])
        let activated = reuse.inputs.contains(false) || reuse.hasDeadEnd ? try graph.add("silu", Activation(.silu), [x]) : x
        let joined = try graph.add("joined", reuse.operation, reuse.inputs.map { $0 ? x : activated })
        let last = try graph.add("last", Linear("last", in: graph.nodes[joined].shape.channels, out: 3, width: .block), [joined])
        graph.addOutput("out_sample", last)

        var generator = TorchGenerator(seed: 5)
        let samples = Samples(batch: 2, shape: shape, values: generator.uniform(2 * shape.count, from: -1, to: 1).map(Double.init))
        let parameters = graph.parameters.map {
            PlainTensor(shape: $0.shape, values: generator.uniform($0.count, from: -1, to: 1).map(Double.init))
        }
        let functional = generator.uniform(2 * graph.nodes[last].shape.count, from: -1, to: 1).map(Double.init)
        let twin = Twin { inputs, parameters in
            let x = Twin.linear(inputs, Array(parameters[..<2]))
            let activated = Twin.silu([x])
            return Twin.linear([reuse.twin(reuse.inputs.map { $0 ? x : activated })], Array(parameters[2...]))
        }

        let weights = Weights(graph.parameters), gradients = Weights(graph.parameters)
        for (index, tensor) in parameters.enumerated() { weights.setTorchOrder(index, tensor.values.map { Float($0) }) }
        let executor = Executor(graph: graph, weights: weights, gradients: gradients, batch: 2, parallel: Parallel(threads: threads))
        for (index, value) in samples.values.enumerated() { executor.sample[index] = Float(value) }
        executor.forward()
        let output = (0..<functional.count).map { executor.output[$0] }
        #expect(largestDifference(output, twin([samples], parameters).values.map { Float($0) }) < 1e-5)
        for (index, value) in functional.enumerated() { executor.outputGradient[index] = Float(value) }
        executor.backward()

        var differences = FiniteDifferences(inputs: [samples], parameters: parameters, functional: functional, twin: twin)
        for index in parameters.indices {
            let found = gradients.torchOrder(index)
            for probe in differences.probes(of: index + 1) {
                #expect(probe.error(of: found) < 1e-4, "\(weights.parameters[index].name), \(probe)")
            }
        }
    }

    /// Output and gradients of one step on made-up samples; sample `i` of the batch is number `first + i`.
    private func step(
        _ name: String, batch: Int, first: Int = 0, threads: Int, steps: Int = 1, segments: Int = 1
    ) throws -> (output: [Float], gradients: [Float]) {
        let (model, weights) = try Golden.unet(name)
        let gradients = Weights(weights.parameters)
        let executor = Executor(
            graph: model.graph, weights: weights, gradients: gradients, batch: batch, segments: segments,
            parallel: Parallel(threads: threads))
        let count = executor.outputShape.count
        var output: [Float] = []
        for image in 0..<batch {
            var generator = TorchGenerator(seed: first + image)
            executor.timesteps[image] = Float((first + image) * 11 + 1)
            if model.graph.input("class_labels") != nil {
                let labels = executor.input("class_labels")
                for index in 0..<labels.shape.count {
                    labels.values[image * labels.shape.count + index] = Float((first + image + index) % 4)
                }
            }
            let numbers = generator.randn(executor.sampleShape.count)
            for (index, number) in numbers.enumerated() { executor.sample[image * numbers.count + index] = number }
        }
        for _ in 0..<steps {
            executor.forward()
            output = (0..<(batch * count)).map { executor.output[$0] }
            for index in 0..<(batch * count) { executor.outputGradient[index] = output[index] }
            executor.backward()
        }
        return (output, gradients.buffer.array)
    }

    @Test(arguments: ["ddpm", "ldm", "scale_shift", "oblong"], [1, 2])
    func resultsAreTheSameToTheLastBitFromRunToRun(name: String, threads: Int) throws {
        let runs = try (0..<2).map { _ in try step(name, batch: 3, threads: threads) }
        #expect(runs[0].output == runs[1].output)
        #expect(runs[0].gradients == runs[1].gradients)
    }

    @Test(arguments: UNet2DModelTests.names)
    func aSecondStepRepeatsTheOutputAndAddsTheGradients(name: String) throws {
        let once = try step(name, batch: 2, threads: 2)
        let twice = try step(name, batch: 2, threads: 2, steps: 2)
        #expect(once.output == twice.output)
        #expect(relativeError(twice.gradients, once.gradients.map { 2 * $0 }) < 1e-6)
    }

    @Test(arguments: UNet2DModelTests.names)
    func aSampleDoesNotDependOnItsBatch(name: String) throws {
        let together = try step(name, batch: 3, threads: 2)
        var gradients = [Float](repeating: 0, count: together.gradients.count)
        for image in 0..<3 {
            let alone = try step(name, batch: 1, first: image, threads: 1)
            let count = alone.output.count
            #expect(relativeError(Array(together.output[(image * count)..<((image + 1) * count)]), alone.output) < 1e-5)
            for index in gradients.indices { gradients[index] += alone.gradients[index] }
        }
        #expect(relativeError(gradients, together.gradients) < 1e-4)
    }

    @Test(arguments: UNet2DModelTests.names, [2, 3, 7, 20])
    func activationsThatAreMadeAgainAreTheSameToTheLastBit(name: String, segments: Int) throws {
        let kept = try step(name, batch: 2, threads: 2, steps: 2)
        let again = try step(name, batch: 2, threads: 2, steps: 2, segments: segments)
        #expect(kept.output == again.output)
        #expect(kept.gradients == again.gradients)
    }

    /// A convolution in transformed tiles between two of patches.
    private func tiles() throws -> (graph: Graph, weights: Weights) {
        var graph = Graph()
        let sample = try graph.add("sample", Input(Shape(height: 8, width: 8, channels: 3)))
        try graph.add("timestep", Input(.vector(1)))
        let first = try graph.add("first", Conv2d("first", in: 3, out: 16), [sample])
        let second = try graph.add("second", Conv2d("second", in: 16, out: 24), [first])
        graph.addOutput("out_sample", try graph.add("third", Conv2d("third", in: 24, out: 3), [second]))
        let weights = Weights(graph.parameters)
        var generator = TorchGenerator(seed: 3)
        for (index, parameter) in graph.parameters.enumerated() {
            weights.setTorchOrder(index, generator.uniform(parameter.count, from: -1, to: 1))
        }
        return (graph, weights)
    }

    private func run(_ executor: Executor, _ gradients: Weights) -> (output: [Float], gradients: [Float]) {
        let count = executor.batch * executor.outputShape.count
        gradients.buffer.clear()
        for index in 0..<count { executor.sample[index] = Float(index % 17) / 8 - 1 }
        executor.forward()
        let output = (0..<count).map { executor.output[$0] }
        for index in 0..<count { executor.outputGradient[index] = output[index] }
        executor.backward()
        return (output, gradients.buffer.array)
    }

    @Test(arguments: [0, 3000, 1 << 20])
    func keepingPreparedWeightsChangesNothing(limit: Int) throws {
        let (graph, weights) = try tiles()
        let gradients = Weights(graph.parameters)
        func executor(_ limit: Int) -> Executor {
            Executor(
                graph: graph, weights: weights, gradients: gradients, batch: 17, preparedLimit: limit, parallel: Parallel(threads: 2))
        }
        let expected = run(executor(0), gradients)
        let keeping = executor(limit)
        for _ in 0..<2 {
            let found = run(keeping, gradients)
            #expect(found.output == expected.output)
            #expect(found.gradients == expected.gradients)
        }
        // What both directions read, each rounded up to a whole line of the cache.
        let counts = graph.nodes.map { node in
            node.operation.preparedCount(
                CallShape(
                    batch: 17, inputs: node.inputs.map { graph.nodes[$0].shape }, output: node.shape, isTraining: true,
                    parallel: Parallel(threads: 2)))
        }
        #expect(counts.contains { $0 > 3000 })
        let most = limit >= 1 << 20 ? counts.reduce(0) { $0 + 2 * ($1 + 15) } : limit
        #expect(keeping.activationBytes - executor(0).activationBytes <= most * 4)
    }

    @Test func changedWeightsArePreparedAnewOnceTheExecutorIsTold() throws {
        let (graph, weights) = try tiles()
        let gradients = Weights(graph.parameters)
        let executor = Executor(graph: graph, weights: weights, gradients: gradients, batch: 17, parallel: Parallel(threads: 2))
        let before = run(executor, gradients)
        for index in 0..<weights.buffer.count { weights.buffer.pointer[index] *= 0.5 }
        executor.weightsChanged()
        let found = run(executor, gradients)
        let fresh = Executor(graph: graph, weights: weights, gradients: gradients, batch: 17, parallel: Parallel(threads: 2))
        let expected = run(fresh, gradients)
        #expect(found.output == expected.output && found.gradients == expected.gradients)
        #expect(found.output != before.output)
    }
}
