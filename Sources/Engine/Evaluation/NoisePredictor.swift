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
    /// - Parameters:
    ///   - conditions: one for each sample, where the network is told any.
    ///   - variance: where it gives as many channels again, and nobody's numbers are in the way: those.
    func predict(_ samples: [Float], timestep t: Int, conditions: [Float], into noise: inout [Float], variance: inout [Float]) {
        let executor = batched.executor
        let (given, wanted) = (prediction.shape.count, sample.shape.count)
        var all = [Float](repeating: 0, count: given > wanted ? executor.batch * given : 0)
        for start in stride(from: 0, to: batched.samples, by: executor.batch) {
            // The last part may have empty places; what is computed there is not read.
            let count = min(executor.batch, batched.samples - start)
            PixelOrder.channelsLast(samples, start..<(start + count), to: sample.values, shape: sample.shape)
            for image in 0..<executor.batch { timestep.values[image] = Float(t) }
            condition?.fill(conditions, start..<(start + count))
            executor.forward()
            guard given > wanted else {
                noise.withUnsafeMutableBufferPointer { noise in
                    guard let noise = noise.baseAddress else { return }
                    PixelOrder.channelsFirst(prediction.values, to: noise + start * wanted, batch: count, shape: prediction.shape)
                }
                continue
            }
            PixelOrder.channelsFirst(prediction.values, to: &all, batch: count, shape: prediction.shape)
            for image in 0..<count {
                let (from, to) = (image * given, (start + image) * wanted)
                noise.replaceSubrange(to..<(to + wanted), with: all[from..<(from + wanted)])
                if !variance.isEmpty { variance.replaceSubrange(to..<(to + wanted), with: all[(from + wanted)..<(from + 2 * wanted)]) }
            }
        }
    }
}
