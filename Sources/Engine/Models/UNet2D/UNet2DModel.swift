/// diffusers' `UNet2DModel` as a graph, with its parameter names: the U-Net of DDPM (arXiv 2006.11239), of unconditional LDM, and NCSN++
/// (arXiv 2011.13456).
///
/// From `sample`, `timestep` and, where the configuration has classes, `class_labels` it computes `out_sample`. `class_labels` is a number,
/// or a vector as wide as the time embedding where `class_embed_type` is `identity`.
///
/// Nodes stand in the order of diffusers' constructor: the time embedding, conv_in, the blocks going down, the middle, the blocks going
/// up, the end. Written beside `unet_2d.py`, `unet_2d_blocks.py`, `resnet.py` and `attention_processor.py` of diffusers 0.42.
public struct UNet2DModel: Sendable {
    /// What the checkpoint's config.json says.
    public let configuration: UNet2DConfiguration
    /// The layers.
    public let graph: Graph
    /// The node that gives what each of diffusers' `down_blocks`, `mid_block` and `up_blocks` returns.
    public let blockOutputs: [String]

    /// Emits the graph.
    ///
    /// - Parameter shapes: the checkpoint's tensor shapes by name. Only a checkpoint of `free` widths needs them: its layers are as
    ///   wide as their tensors, not as the config says.
    /// - Throws: ``GraphError`` when such widths do not fit together.
    public init(_ configuration: UNet2DConfiguration, shapes: [String: [Int]] = [:]) throws(GraphError) {
        self.configuration = configuration
        var builder = UNet2DBuilder(configuration: configuration, shapes: configuration.freeWidths ? shapes : [:])
        try builder.build()
        graph = builder.graph
        blockOutputs = builder.blockOutputs
    }

    /// The model's parameters in the order in which diffusers' constructor draws their initial values: conv_in comes first.
    public var constructionOrder: [Parameter] {
        let parameters = graph.parameters
        return parameters.filter { $0.name.hasPrefix("conv_in.") } + parameters.filter { !$0.name.hasPrefix("conv_in.") }
    }
}
