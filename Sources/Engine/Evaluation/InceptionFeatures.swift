/// What Inception makes of pictures, as pytorch-fid measures by it: 8-bit pictures over 255, brought to 299 × 299 between their nearest pixels, and
/// the mean of every channel of the last map.
public struct InceptionFeatures {
    private let batched: BatchedExecutor
    private let sample: Executor.Binding
    private let output: Executor.Binding
    private let parallel: Parallel

    /// How the pictures are brought to size, in words.
    public static let resize = "bilinear to \(InceptionV3.side)x\(InceptionV3.side)"

    /// Pictures that go through at once at most.
    public static let largestBatch = BatchedExecutor.largest

    /// How pictures go through.
    public static func plan(_ model: InceptionV3, memory: Int, parallel: Parallel) -> BatchPlan {
        BatchedExecutor.plan(model.graph, samples: largestBatch, memory: memory, parallel: parallel)
    }

    /// The network at the ready.
    ///
    /// - Parameters:
    ///   - weights: as ``InceptionCheckpoint/load()`` gives them.
    ///   - memory: bytes for activations.
    public init(_ model: InceptionV3, _ weights: Weights, memory: Int, parallel: Parallel) {
        batched = BatchedExecutor(model.graph, weights, samples: Self.largestBatch, memory: memory, parallel: parallel)
        (sample, output) = (batched.executor.input("sample"), batched.executor.outputs[0])
        self.parallel = parallel
    }

    /// Whether pictures of so many channels can be looked at: colours, or grey, which becomes three times the same.
    public static func takes(channels: Int) -> Bool { channels == 3 || channels == 1 }

    /// The features of pictures that it ``takes(channels:)``, (pictures, features).
    ///
    /// - Parameter progress: called after every few pictures; what it throws ends the work.
    public func features(of pictures: Pictures, progress: () throws -> Void = {}) rethrows -> [Float] {
        let executor = batched.executor
        let resize = BilinearResize(height: pictures.height, width: pictures.width, to: InceptionV3.side)
        var features: [Float] = []
        for start in stride(from: 0, to: pictures.count, by: executor.batch) {
            let some = start..<min(start + executor.batch, pictures.count)
            pictures.bytes.withUnsafeBufferPointer { bytes in
                guard let base = bytes.baseAddress else { return }
                let plane = pictures.height * pictures.width
                parallel.forEach(some.count * 3) { part in
                    let (place, channel) = (part / 3, part % 3)
                    let source = (some.lowerBound + place) * pictures.channels + min(channel, pictures.channels - 1)
                    resize.write(base + source * plane, to: sample.values + place * sample.shape.count + channel, stride: 3)
                }
            }
            executor.forward()
            features += output.channelMeans(ofFirst: some.count)
            try progress()
        }
        return features
    }
}
