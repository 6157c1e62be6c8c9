/// The noise that a model finds in any number of samples, as many at once as memory allows.
struct NoisePredictor {
    private let batched: BatchedExecutor
    private let sample: Executor.Binding
    private let timestep: Executor.Binding
    private let prediction: Executor.Binding
    /// Where the network is told conditions.
    private let condition: Executor.Binding?

    /// - Parameters:
    ///   - trained: a network that serves noise prediction.
    ///   - conditions: what it is told; nil where it is told nothing.
    ///   - memory: bytes for activations.
    init(_ trained: TrainedModel, samples: Int, conditions: Conditions?, memory: Int, parallel: Parallel) {
        batched = BatchedExecutor(trained, samples: samples, memory: memory, parallel: parallel)
        let executor = batched.executor
        (sample, timestep, prediction) = (executor.input("sample"), executor.input("timestep"), executor.output("out_sample"))
        condition = conditions.map { executor.input($0.input) }
    }

    /// ε_θ(x, t) for all samples, (samples, channels, height, width) in and out.
    ///
    /// - Parameter conditions: one for each sample, where the network is told any.
    func predict(_ samples: [Float], timestep t: Int, conditions: [Float], into noise: inout [Float]) {
        let executor = batched.executor
        for start in stride(from: 0, to: batched.samples, by: executor.batch) {
            // The last part may have empty places; what is computed there is not read.
            let count = min(executor.batch, batched.samples - start)
            PixelOrder.channelsLast(samples, start..<(start + count), to: sample.values, shape: sample.shape)
            for image in 0..<executor.batch { timestep.values[image] = Float(t) }
            if let condition {
                let numbers = condition.shape.count
                for (place, number) in conditions[(start * numbers)..<((start + count) * numbers)].enumerated() {
                    condition.values[place] = number
                }
            }
            executor.forward()
            noise.withUnsafeMutableBufferPointer { noise in
                guard let noise = noise.baseAddress else { return }
                let shape = prediction.shape
                PixelOrder.channelsFirst(prediction.values, to: noise + start * shape.count, batch: count, shape: shape)
            }
        }
    }
}
