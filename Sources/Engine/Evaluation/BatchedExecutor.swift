/// Runs a model over any number of samples in batches of one size, and one smaller batch for the rest.
struct BatchedExecutor {
    private let executors: [(executor: Executor, ranges: [Range<Int>])]

    init(_ trained: TrainedModel, samples: Int, batch: Int, parallel: Parallel) {
        let batch = min(batch, samples)
        let whole = samples / batch
        var executors: [(Executor, [Range<Int>])] = []
        func executor(_ size: Int) -> Executor {
            Executor(graph: trained.model.graph, weights: trained.weights, batch: size, parallel: parallel)
        }
        if whole > 0 { executors.append((executor(batch), (0..<whole).map { ($0 * batch)..<(($0 + 1) * batch) })) }
        if samples % batch > 0 { executors.append((executor(samples % batch), [(whole * batch)..<samples])) }
        self.executors = executors
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
