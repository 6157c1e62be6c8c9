import Documents
import Engine

/// Tells how far sets of pictures are from a reference, by what a network makes of them (an extractor, or the middle of the original) and by their
/// pixels.
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

    /// What makes features.
    private enum Extractor {
        case inception(InceptionFeatures)
        case middle(MiddleFeatures, LatentEncoder?)
    }

    /// What is compared with, and what the network makes of it.
    private enum Reference {
        case pictures(Pictures, FeatureSet)
        case statistics(FeatureStatistics)
    }

    private let metrics: [EvaluationMetric]
    private let step: () throws -> Void
    private let check: () throws -> Void
    private let parallel: Parallel
    private let extractor: Extractor
    private let reference: Reference

    /// The extractor, as figures tell it.
    let described: JSON
    /// How pictures come to the size at which the network looks at them, once they have the samples'.
    let resize: String?

    /// The mean and the covariance of the features of the reference's pictures; nil where these were given.
    var statistics: FeatureStatistics? { if case .pictures(_, let features) = reference { FeatureStatistics(features) } else { nil } }

    /// Looks at the reference.
    ///
    /// - Parameters:
    ///   - memory: bytes for activations.
    ///   - step: called ``steps(_:stages:samples:references:)`` times in all.
    init?(_ metrics: [EvaluationMetric], _ job: RunningJob, memory: Int, step: @escaping () throws -> Void) throws {
        let (inputs, parallel) = (job.inputs, job.parallel)
        (self.metrics, self.step, self.parallel) = (metrics, step, parallel)
        let check = job.reporter.check
        self.check = check
        if let stored = inputs.extractor {
            let model = stored.checkpoint.model
            extractor = .inception(InceptionFeatures(model, try stored.checkpoint.load(), memory: memory, parallel: parallel))
            described = [
                "name": "inception", "id": .string(stored.id), "digest": .string(stored.digest), "published": .bool(stored.isPublished),
                "features": .integer(model.features),
            ]
            resize = InceptionFeatures.resize
        } else {
            let network = try inputs.stages.original.load()
            guard let schedule = network.schedule,
                let middle = MiddleFeatures(
                    network.trained, schedule, conditions: inputs.pictures?.conditions, memory: memory, parallel: parallel)
            else { return nil }
            extractor = .middle(middle, try Self.encoder(inputs, memory: memory, parallel))
            described = [
                "name": "original_middle", "digest": .string(inputs.source.weightsDigest),
                "layer": .optional(MiddleFeatures.node(of: network.trained.model)), "timestep": .integer(MiddleFeatures.timestep(schedule)),
                "noise_seed": .integer(MiddleFeatures.noiseSeed), "features": .optional(MiddleFeatures.width(of: network.trained.model)),
            ]
            resize = nil
        }
        if let statistics = inputs.statistics {
            reference = .statistics(try statistics.load())
            return
        }
        guard let pictures = inputs.reference else { return nil }
        let shape = inputs.encoding?.picture ?? inputs.stages.original.model.sampleShape
        var (bytes, values) = ([UInt8](), [Float]())
        for start in stride(from: 0, to: pictures.count, by: Self.batch) {
            let some = try pictures.load(start..<min(start + Self.batch, pictures.count), shape)
            values += try Self.features(some, extractor, check)
            if metrics.contains(.mind) { bytes += some.bytes }
            try step()
        }
        let kept = Pictures(
            count: bytes.count / shape.count, channels: shape.channels, height: shape.height, width: shape.width, bytes: bytes)
        reference = .pictures(kept, FeatureSet(width: values.count / pictures.count, values: values))
    }

    private static func encoder(_ inputs: JobInputs, memory: Int, _ parallel: Parallel) throws -> LatentEncoder? {
        guard let shape = inputs.encoding?.picture, inputs.encoding?.autoencoder != nil,
            let autoencoder = try inputs.source.autoencoder([.encoder])
        else { return nil }
        return try LatentEncoder(
            autoencoder, height: shape.height, width: shape.width, samples: largestEncoded, memory: memory, parallel: parallel)
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
        for start in stride(from: 0, to: pictures.count, by: Self.batch) {
            values += try Self.features(pictures.taking(start..<min(start + Self.batch, pictures.count)), extractor, check)
            try step()
        }
        let set = FeatureSet(width: values.count / pictures.count, values: values)
        var figures = Figures()
        for metric in metrics {
            switch (metric, reference) {
            case (.mind, .pictures(let others, let features)):
                figures.mind = try SlicedWasserstein().between(set, features, parallel: parallel, progress: check)
                figures.mindOfPixels = try SlicedWasserstein().between(pictures, others, parallel: parallel, progress: check)
            case (.kid, .pictures(_, let features)): figures.kid = KernelDistance().between(set, features, parallel: parallel)
            case (.frechet, _), (.fid, _): figures.frechet = try figures.frechet ?? distance(set)
            default: continue
            }
            try step()
        }
        return figures
    }

    private func distance(_ set: FeatureSet) throws -> Double {
        switch reference {
        case .pictures(_, let features): try FrechetDistance.between(set, features)
        case .statistics(let statistics): try FrechetDistance.between(FeatureStatistics(set), statistics)
        }
    }

    /// What the network makes of pictures, one after the other.
    private static func features(_ pictures: Pictures, _ extractor: Extractor, _ check: () throws -> Void) throws -> [Float] {
        switch extractor {
        case .inception(let inception): return try inception.features(of: pictures, progress: check)
        case .middle(let middle, let encoder):
            let numbers = pictures.bytes.map { Float($0) / 127.5 - 1 }
            guard let encoder else { return middle.features(of: numbers) }
            let size = numbers.count / max(1, pictures.count) * largestEncoded
            let latents = try stride(from: 0, to: numbers.count, by: size).flatMap { start in
                try encoder.encode(Array(numbers[start..<min(start + size, numbers.count)])) { _ in try check() }
            }
            return middle.features(of: latents)
        }
    }
}
