/// diffusers' `AutoencoderKL` or `VQModel` for pictures of one size as two graphs, with its parameter names.
///
/// The encoder computes `moments` from `sample`: means and then logarithms of variances, or a `VQModel`'s latents; its last layer is
/// `quant_conv`. The decoder computes `sample` from `latents`, which are means, or what a `VQModel` is to quantise; its first is
/// `post_quant_conv`. Latents are not scaled here (``LatentScaling``).
///
/// Nodes stand in the order of diffusers' constructors. Written beside `autoencoder_kl.py`, `vq_model.py` and `vae.py` of diffusers 0.42.
public struct AutoencoderModel: Sendable {
    /// What the checkpoint's config.json says.
    public let configuration: AutoencoderConfiguration
    /// From pictures to latents.
    public let encoder: Graph
    /// From latents to pictures.
    public let decoder: Graph

    /// Emits both graphs.
    ///
    /// - Throws: ``AutoencoderError`` where it cannot work on pictures of this size.
    public init(_ configuration: AutoencoderConfiguration, height: Int, width: Int) throws(AutoencoderError) {
        try configuration.check(height: height, width: width)
        self.configuration = configuration
        do {
            var builder = AutoencoderBuilder(configuration)
            try builder.encode(height: height, width: width)
            encoder = builder.graph
            builder = AutoencoderBuilder(configuration)
            try builder.decode(height: height / configuration.scaleFactor, width: width / configuration.scaleFactor)
            decoder = builder.graph
        } catch { throw .graph(error) }
    }

    /// Emits both graphs for the smallest pictures: parameters are the same for every size.
    public init(_ configuration: AutoencoderConfiguration) throws(AutoencoderError) {
        try self.init(configuration, height: configuration.scaleFactor, width: configuration.scaleFactor)
    }

    /// One of the graphs.
    public func graph(_ half: AutoencoderHalf) -> Graph { half == .encoder ? encoder : decoder }

    /// The parameters of both in the order in which diffusers' constructor draws their initial values.
    public var constructionOrder: [Parameter] { configuration.constructionOrder(encoder.parameters + decoder.parameters) }
}
