/// The loss on the last pictures of a set, each at a timestep of its own, spread evenly over the schedule.
public struct HeldOutLoss: Sendable {
    private let pictures: [Float]
    private let noise: [Float]
    private let timesteps: [Int]
    private let schedule: NoiseSchedule

    /// At most this many pictures are looked at.
    public static let largestCount = 64

    /// The last M = min(64, N) pictures, picture i at t = ⌊(i + ½)·T/M⌋, with noise from a generator of the given seed.
    public init(_ set: PictureSet, schedule: NoiseSchedule, seed: Int) throws {
        let count = min(Self.largestCount, set.count)
        pictures = try set.load((set.count - count)..<set.count)
        var generator = TorchGenerator(seed: seed)
        noise = generator.randn(pictures.count)
        timesteps = (0..<count).map { (2 * $0 + 1) * schedule.count / (2 * count) }
        self.schedule = schedule
    }

    /// The mean over all pictures.
    ///
    /// - Parameter memory: bytes for activations.
    public func evaluate(_ trained: TrainedModel, memory: Int = .max, parallel: Parallel) -> Double {
        let executor = BatchedExecutor(trained, samples: timesteps.count, memory: memory, parallel: parallel).executor
        let prediction = NoisePrediction(executor, samples: timesteps.count, alphasCumprod: schedule.alphasCumprod)
        return pictures.withUnsafeBufferPointer { pictures in
            noise.withUnsafeBufferPointer { noise in
                guard let pictures = pictures.baseAddress, let noise = noise.baseAddress else { return 0 }
                return prediction.loss(NoisePrediction.Batch(pictures: pictures, noise: noise, timesteps: timesteps))
            }
        }
    }
}
