/// Runs a model over any number of samples in batches of one size, and one smaller batch for the rest.
package struct BatchedExecutor {
    private let executors: [(executor: Executor, ranges: [Range<Int>])]

    init(_ trained: TrainedModel, samples: Int, batch: Int, parallel: Parallel) {
        var start = 0
        executors = Self.sizes(samples, batch: batch).map { size in
            let end = start + (samples - start) / size * size
            defer { start = end }
            return (
                Executor(graph: trained.model.graph, weights: trained.weights, batch: size, parallel: parallel),
                stride(from: start, to: end, by: size).map { $0..<($0 + size) }
            )
        }
    }

    /// The batches' sizes that samples are run in, each once.
    package static func sizes(_ samples: Int, batch: Int) -> [Int] {
        let batch = min(batch, samples)
        return [batch] + (samples % batch > 0 ? [samples % batch] : [])
    }

    /// Calls `body(executor, samples)` for each batch.
    func forEach(_ body: (Executor, Range<Int>) throws -> Void) rethrows {
        for (executor, ranges) in executors {
            for range in ranges { try body(executor, range) }
        }
    }

    /// ε_θ(x, t) for all samples, (samples, channels, height, width) in and out.
    func predict(_ sample: [Float], timestep: Int, into noise: inout [Float]) {
        sample.withUnsafeBufferPointer { sample in
            noise.withUnsafeMutableBufferPointer { noise in
                guard let sample = sample.baseAddress, let noise = noise.baseAddress else { return }
                forEach { executor, range in
                    let shape = executor.sampleShape
                    PixelOrder.channelsLast(sample + range.lowerBound * shape.count, to: executor.sample, batch: range.count, shape: shape)
                    for image in 0..<range.count { executor.timesteps[image] = Float(timestep) }
                    executor.forward()
                    let output = executor.outputShape
                    PixelOrder.channelsFirst(
                        executor.output, to: noise + range.lowerBound * output.count, batch: range.count, shape: output)
                }
            }
        }
    }
}
