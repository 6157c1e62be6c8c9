/// The noise that a model finds in any number of samples, as many at once as memory allows.
struct NoisePredictor {
    private let batched: BatchedExecutor
    private let sample: Executor.Binding
    private let timestep: Executor.Binding
    private let prediction: Executor.Binding

    /// - Parameters:
    ///   - trained: a network that serves noise prediction.
    ///   - memory: bytes for activations.
    init(_ trained: TrainedModel, samples: Int, memory: Int, parallel: Parallel) {
        batched = BatchedExecutor(trained, samples: samples, memory: memory, parallel: parallel)
        let executor = batched.executor
        (sample, timestep, prediction) = (executor.input("sample"), executor.input("timestep"), executor.output("out_sample"))
    }

    /// ε_θ(x, t) for all samples, (samples, channels, height, width) in and out.
    func predict(_ samples: [Float], timestep t: Int, into noise: inout [Float]) {
        let executor = batched.executor
        for start in stride(from: 0, to: batched.samples, by: executor.batch) {
            // The last part may have empty places; what is computed there is not read.
            let count = min(executor.batch, batched.samples - start)
            PixelOrder.channelsLast(samples, start..<(start + count), to: sample.values, shape: sample.shape)
            for image in 0..<executor.batch { timestep.values[image] = Float(t) }
            executor.forward()
            noise.withUnsafeMutableBufferPointer { noise in
                guard let noise = noise.baseAddress else { return }
                let shape = prediction.shape
                PixelOrder.channelsFirst(prediction.values, to: noise + start * shape.count, batch: count, shape: shape)
            }
        }
    }
}
