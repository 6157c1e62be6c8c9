/// Runs a network that makes pictures in one go over what it makes them of, as many at once as memory allows.
public struct Reconstructor {
    private let batched: BatchedExecutor

    /// - Parameters:
    ///   - trained: a network of one input and one output: an autoencoder, or a generator.
    ///   - samples: how many pictures there are.
    ///   - memory: bytes for activations.
    public init(_ trained: TrainedModel, samples: Int, memory: Int, parallel: Parallel) {
        batched = BatchedExecutor(trained, samples: samples, memory: memory, parallel: parallel)
    }

    /// What becomes of pictures, or of noise: (pictures, channels, height, width) in and out.
    ///
    /// - Parameter progress: called after each batch; what it throws ends the run.
    public func run(_ pictures: [Float], progress: () throws -> Void = {}) rethrows -> [Float] {
        let executor = batched.executor
        let (input, output) = (executor.inputs[0], executor.outputs[0])
        let count = pictures.count / input.shape.count
        var found = [Float](repeating: 0, count: count * output.shape.count)
        for start in stride(from: 0, to: count, by: executor.batch) {
            // The last part may have empty places; what is computed there is not read.
            let part = start..<min(start + executor.batch, count)
            PixelOrder.channelsLast(pictures, part, to: input.values, shape: input.shape)
            executor.forward()
            found.withUnsafeMutableBufferPointer { found in
                guard let found = found.baseAddress else { return }
                PixelOrder.channelsFirst(
                    output.values, to: found + start * output.shape.count, batch: part.count, shape: output.shape)
            }
            try progress()
        }
        return found
    }
}
