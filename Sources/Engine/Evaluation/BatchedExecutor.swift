/// Runs a model forward over any number of samples, as many at once as memory allows.
struct BatchedExecutor {
    let executor: Executor
    /// All samples.
    let samples: Int

    /// Samples that go through at once at most: more would not be faster.
    static let largest = 16

    /// - Parameter memory: bytes for activations.
    init(_ trained: TrainedModel, samples: Int, memory: Int, parallel: Parallel) {
        let graph = trained.model.graph
        let plan = Self.plan(graph, samples: samples, memory: memory, parallel: parallel)
        executor = Executor(
            graph: graph, weights: trained.weights, batch: plan.batch, preparedLimit: plan.preparedLimit, parallel: parallel)
        self.samples = samples
    }

    static func plan(_ graph: Graph, samples: Int, memory: Int, parallel: Parallel) -> BatchPlan {
        BatchPlan(graph, samples: samples, largest: largest, isTraining: false, limit: memory, parallel: parallel)
    }

    /// ε_θ(x, t) for all samples, (samples, channels, height, width) in and out.
    func predict(_ sample: [Float], timestep: Int, into noise: inout [Float]) {
        sample.withUnsafeBufferPointer { sample in
            noise.withUnsafeMutableBufferPointer { noise in
                guard let sample = sample.baseAddress, let noise = noise.baseAddress else { return }
                let (shape, output) = (executor.sampleShape, executor.outputShape)
                for start in stride(from: 0, to: samples, by: executor.batch) {
                    // The last part may have empty places; what is computed there is not read.
                    let count = min(executor.batch, samples - start)
                    PixelOrder.channelsLast(sample + start * shape.count, to: executor.sample, batch: count, shape: shape)
                    for image in 0..<executor.batch { executor.timesteps[image] = Float(timestep) }
                    executor.forward()
                    PixelOrder.channelsFirst(executor.output, to: noise + start * output.count, batch: count, shape: output)
                }
            }
        }
    }
}
