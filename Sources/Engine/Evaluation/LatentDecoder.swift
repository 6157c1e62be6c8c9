/// Makes pictures of latents, as a latent diffusion model draws them.
public struct LatentDecoder {
    private let run: AutoencoderRun
    private let scaling: LatentScaling

    /// How it goes over latents.
    public var plan: AutoencoderPlan { run.plan }

    /// Plans memory for pictures of one size.
    ///
    /// - Parameters:
    ///   - height: of the pictures: the latents' times ``AutoencoderConfiguration/scaleFactor``.
    ///   - width: of the pictures.
    ///   - samples: how many at most there are in one call.
    ///   - memory: bytes for activations.
    /// - Throws: ``AutoencoderError`` where the decoder was not loaded or cannot work on pictures of this size.
    public init(
        _ autoencoder: Autoencoder, height: Int, width: Int, samples: Int, memory: Int, parallel: Parallel
    ) throws(AutoencoderError) {
        let plan = try AutoencoderPlan(
            autoencoder.configuration, .decoder, height: height, width: width, samples: samples, memory: memory, parallel: parallel)
        try self.init(autoencoder, plan)
    }

    /// Follows a plan of the decoder.
    package init(_ autoencoder: Autoencoder, _ plan: AutoencoderPlan) throws(AutoencoderError) {
        run = try AutoencoderRun(plan, autoencoder)
        scaling = autoencoder.configuration.scaling
    }

    /// The pictures of scaled latents.
    ///
    /// - Parameters:
    ///   - latents: (samples, channels, height, width).
    ///   - progress: called now and then with the share that is done; what it throws ends the run.
    /// - Returns: (samples, channels, height, width) of ``AutoencoderPlan/sampleShape``, about [-1, 1] and not clipped.
    public func decode(_ latents: [Float], progress: (Double) throws -> Void = { _ in }) rethrows -> [Float] {
        var latents = latents
        latents.withUnsafeMutableBufferPointer { scaling.unscale($0, pixels: plan.latentShape.pixels) }
        return try run.run(latents, progress: progress)
    }
}
