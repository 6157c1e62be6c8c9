/// The loss on the last pictures of a set, each at a timestep of its own, spread evenly over the schedule.
public struct HeldOutLoss: Sendable {
    private let pictures: [Float]
    private let noise: [Float]
    private let timesteps: [Int]
    private let schedule: NoiseSchedule

    /// At most this many pictures are looked at.
    public static let largestCount = 64
    private static let batch = 16

    /// The last M = min(64, N) pictures, picture i at t = ⌊(i + ½)·T/M⌋, with noise from a generator of the given seed.
    public init(_ set: PictureSet, schedule: NoiseSchedule, seed: Int) throws {
        let count = min(Self.largestCount, set.count)
        pictures = try set.load((set.count - count)..<set.count)
        var generator = TorchGenerator(seed: seed)
        noise = generator.randn(pictures.count)
        timesteps = (0..<count).map { (2 * $0 + 1) * schedule.count / (2 * count) }
        self.schedule = schedule
    }

    /// The mean over all pictures. `progress` is called after each batch; what it throws ends the run.
    public func evaluate(_ trained: TrainedModel, parallel: Parallel, progress: () throws -> Void = {}) throws -> Double {
        var sum = 0.0
        try BatchedExecutor(trained, samples: timesteps.count, batch: Self.batch, parallel: parallel).forEach { executor, range in
            let size = executor.sampleShape.count
            let prediction = NoisePrediction(executor, alphasCumprod: schedule.alphasCumprod)
            let loss = pictures.withUnsafeBufferPointer { pictures in
                noise.withUnsafeBufferPointer { noise -> Double in
                    guard let pictures = pictures.baseAddress, let noise = noise.baseAddress else { return 0 }
                    return prediction.loss(
                        pictures: pictures + range.lowerBound * size, noise: noise + range.lowerBound * size,
                        timesteps: Array(timesteps[range]))
                }
            }
            sum += loss * Double(range.count)
            try progress()
        }
        return sum / Double(timesteps.count)
    }
}
