import Documents
import Engine

/// Tells how far sets of pictures are from a reference, by what the middle of the original network makes of them and by their pixels.
struct PictureJudge {
    /// What is found of one set.
    struct Figures {
        var mind: Double?
        var mindOfPixels: Double?
        var kid: KernelDistance.Estimate?
        var frechet: Double?
    }

    /// Pictures that are looked at between two steps.
    static let batch = 64
    /// Pictures that become latents at once at most.
    static let largestEncoded = 4

    private let metrics: [EvaluationMetric]
    private let step: () throws -> Void
    private let check: () throws -> Void
    private let parallel: Parallel
    private let middle: MiddleFeatures
    private let encoder: LatentEncoder?
    /// What is compared with, and what the network makes of it.
    private let reference: Pictures
    private let features: FeatureSet

    /// The mean and the covariance of the reference's features.
    var statistics: FeatureStatistics { FeatureStatistics(features) }

    /// Looks at the reference.
    ///
    /// - Parameters:
    ///   - memory: bytes for activations.
    ///   - step: called ``steps(_:stages:samples:references:)`` times in all.
    init?(
        _ metrics: [EvaluationMetric], by network: DiffusionCheckpoint, _ job: RunningJob, memory: Int, step: @escaping () throws -> Void
    ) throws {
        let inputs = job.inputs
        guard let reference = inputs.reference, let schedule = network.schedule,
            let middle = MiddleFeatures(
                network.trained, schedule, conditions: inputs.pictures?.conditions, memory: memory, parallel: job.parallel)
        else { return nil }
        (self.metrics, self.step, self.middle, parallel) = (metrics, step, middle, job.parallel)
        let check = job.reporter.check
        self.check = check
        let shape = inputs.encoding?.picture ?? network.trained.model.sampleShape
        if inputs.encoding?.autoencoder != nil, let autoencoder = try inputs.source.autoencoder([.encoder]) {
            encoder = try LatentEncoder(
                autoencoder, height: shape.height, width: shape.width, samples: Self.largestEncoded, memory: memory, parallel: parallel)
        } else {
            encoder = nil
        }
        var (bytes, values) = ([UInt8](), [Float]())
        for start in stride(from: 0, to: reference.count, by: Self.batch) {
            let some = try reference.load(start..<min(start + Self.batch, reference.count), shape)
            values += try Self.features(some, middle, encoder, check)
            if metrics.contains(.mind) { bytes += some.bytes }
            try step()
        }
        features = FeatureSet(width: values.count / reference.count, values: values)
        self.reference = Pictures(
            count: bytes.count / shape.count, channels: shape.channels, height: shape.height, width: shape.width, bytes: bytes)
    }

    /// How many steps there are.
    static func steps(_ metrics: [EvaluationMetric], stages: Int, samples: Int, references: Int) -> Int {
        guard !metrics.isEmpty else { return 0 }
        func batches(_ pictures: Int) -> Int { (pictures + batch - 1) / batch }
        return batches(references) + stages * (batches(samples) + metrics.count)
    }

    /// Judges a set.
    func figures(of pictures: Pictures) throws -> Figures {
        var values: [Float] = []
        values.reserveCapacity(pictures.count * features.width)
        for start in stride(from: 0, to: pictures.count, by: Self.batch) {
            values += try Self.features(pictures.taking(start..<min(start + Self.batch, pictures.count)), middle, encoder, check)
            try step()
        }
        let set = FeatureSet(width: features.width, values: values)
        var figures = Figures()
        for metric in metrics {
            switch metric {
            case .mind:
                figures.mind = try SlicedWasserstein().between(set, features, parallel: parallel, progress: check)
                figures.mindOfPixels = try SlicedWasserstein().between(pictures, reference, parallel: parallel, progress: check)
            case .kid: figures.kid = KernelDistance().between(set, features, parallel: parallel)
            case .frechet: figures.frechet = try FrechetDistance.between(set, features)
            case .ssim, .mse: continue
            }
            try step()
        }
        return figures
    }

    /// What the network makes of pictures, one after the other.
    private static func features(
        _ pictures: Pictures, _ middle: MiddleFeatures, _ encoder: LatentEncoder?, _ check: () throws -> Void
    ) throws -> [Float] {
        let numbers = pictures.bytes.map { Float($0) / 127.5 - 1 }
        guard let encoder else { return middle.features(of: numbers) }
        let size = numbers.count / max(1, pictures.count) * largestEncoded
        let latents = try stride(from: 0, to: numbers.count, by: size).flatMap { start in
            try encoder.encode(Array(numbers[start..<min(start + size, numbers.count)])) { _ in try check() }
        }
        return middle.features(of: latents)
    }
}
