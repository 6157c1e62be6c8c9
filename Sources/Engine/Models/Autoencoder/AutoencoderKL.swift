/// diffusers' `AutoencoderKL`, from a picture by its latents' means to a picture.
public struct AutoencoderKL: AutoencoderArchitecture {
    /// diffusers' name.
    public static var className: String { "AutoencoderKL" }

    /// What the checkpoint's config.json says.
    public let configuration: AutoencoderConfiguration
    /// The layers of both halves.
    public let graph: Graph
    /// What each of the decoder's blocks returns.
    public let blockOutputs: [String]

    /// A network of its parts.
    public init(_ configuration: AutoencoderConfiguration, graph: Graph, blockOutputs: [String]) {
        (self.configuration, self.graph, self.blockOutputs) = (configuration, graph, blockOutputs)
    }
}
