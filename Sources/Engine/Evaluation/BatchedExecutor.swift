/// Runs a noise-predicting model forward over any number of samples, as many at once as memory allows.
struct BatchedExecutor {
    let executor: Executor
    /// All samples.
    let samples: Int
    private let sample: Executor.Binding
    private let timestep: Executor.Binding
    private let prediction: Executor.Binding

    /// Samples that go through at once at most: more would not be faster.
    static let largest = 16

    /// - Parameter memory: bytes for activations.
    init(_ trained: TrainedModel, samples: Int, memory: Int, parallel: Parallel) {
        let graph = trained.model.graph
        let plan = Self.plan(graph, samples: samples, memory: memory, parallel: parallel)
        executor = Executor(
            graph: graph, weights: trained.weights, batch: plan.batch, preparedLimit: plan.preparedLimit, parallel: parallel)
        self.samples = samples
        (sample, timestep, prediction) = (executor.input("sample"), executor.input("timestep"), executor.output("out_sample"))
    }

    static func plan(_ graph: Graph, samples: Int, memory: Int, parallel: Parallel) -> BatchPlan {
        BatchPlan(graph, samples: samples, largest: largest, isTraining: false, limit: memory, parallel: parallel)
    }

    /// ε_θ(x, t) for all samples, (samples, channels, height, width) in and out.
    func predict(_ samples: [Float], timestep: Int, into noise: inout [Float]) {
        samples.withUnsafeBufferPointer { samples in
            noise.withUnsafeMutableBufferPointer { noise in
                guard let samples = samples.baseAddress, let noise = noise.baseAddress else { return }
                let (shape, output) = (sample.shape, prediction.shape)
                for start in stride(from: 0, to: self.samples, by: executor.batch) {
                    // The last part may have empty places; what is computed there is not read.
                    let count = min(executor.batch, self.samples - start)
                    PixelOrder.channelsLast(samples + start * shape.count, to: sample.values, batch: count, shape: shape)
                    for image in 0..<executor.batch { self.timestep.values[image] = Float(timestep) }
                    executor.forward()
                    PixelOrder.channelsFirst(prediction.values, to: noise + start * output.count, batch: count, shape: output)
                }
            }
        }
    }
}
