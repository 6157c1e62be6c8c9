/// Makes latents of pictures, as a latent diffusion model is trained on: an `AutoencoderKL`'s means or what a `VQModel` would quantise, scaled.
public struct LatentEncoder {
    private let run: AutoencoderRun
    private let scaling: LatentScaling

    /// How it goes over pictures.
    public var plan: AutoencoderPlan { run.plan }

    /// Plans memory for pictures of one size.
    ///
    /// - Parameters:
    ///   - samples: how many at most there are in one call.
    ///   - memory: bytes for activations.
    /// - Throws: ``AutoencoderError`` where the autoencoder has no encoder or cannot work on pictures of this size.
    public init(
        _ autoencoder: Autoencoder, height: Int, width: Int, samples: Int, memory: Int, parallel: Parallel
    ) throws(AutoencoderError) {
        let plan = try AutoencoderPlan(
            autoencoder.configuration, .encoder, height: height, width: width, samples: samples, memory: memory, parallel: parallel)
        try self.init(autoencoder, plan)
    }

    /// Follows a plan of the encoder.
    package init(_ autoencoder: Autoencoder, _ plan: AutoencoderPlan) throws(AutoencoderError) {
        run = try AutoencoderRun(plan, autoencoder)
        scaling = autoencoder.configuration.scaling
    }

    /// The scaled latents of pictures.
    ///
    /// - Parameters:
    ///   - pictures: (pictures, channels, height, width), in [-1, 1].
    ///   - progress: called now and then with the share that is done; what it throws ends the run.
    /// - Returns: (pictures, channels, height, width) as ``AutoencoderPlan/latentShape`` has it.
    public func encode(_ pictures: [Float], progress: (Double) throws -> Void = { _ in }) rethrows -> [Float] {
        let moments = try run.run(pictures, progress: progress)
        let shape = plan.latentShape
        let (given, wanted) = (shape.pixels * plan.configuration.momentChannels, shape.count)
        // Means come before logarithms of variances.
        var latents =
            given == wanted ? moments : stride(from: 0, to: moments.count, by: given).flatMap { moments[$0..<($0 + wanted)] }
        latents.withUnsafeMutableBufferPointer { scaling.scale($0, pixels: shape.pixels) }
        return latents
    }
}
