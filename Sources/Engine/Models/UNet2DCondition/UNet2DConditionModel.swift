/// diffusers' `UNet2DConditionModel` as a graph, with its parameter names: the U-Net of latent diffusion (arXiv 2112.10752) and of Stable
/// Diffusion 1 and 2.
///
/// From `sample`, `timestep`, `encoder_hidden_states` and, where the configuration has classes, `class_labels` it computes `out_sample`.
///
/// Nodes stand in the order in which diffusers computes them. Written beside `unet_2d_condition.py`, `unet_2d_blocks.py`,
/// `transformer_2d.py` and `attention.py` of diffusers 0.42.
public struct UNet2DConditionModel: Sendable {
    /// What the checkpoint's config.json says.
    public let configuration: UNet2DConditionConfiguration
    /// The layers.
    public let graph: Graph
    /// The node that gives what each of diffusers' `down_blocks`, `mid_block` and `up_blocks` returns.
    public let blockOutputs: [String]
    /// How many tokens it is told.
    public let tokenCount: Int
    private let shapes: [String: [Int]]

    /// Emits the graph.
    ///
    /// - Parameters:
    ///   - shapes: the checkpoint's tensor shapes by name. Only a checkpoint of `free` widths needs them: its layers are as wide as their
    ///     tensors, not as the config says.
    ///   - tokenCount: how many tokens it is told, which no parameter depends on; nil is ``usualTokenCount``.
    /// - Throws: ``GraphError`` when such widths do not fit together.
    public init(
        _ configuration: UNet2DConditionConfiguration, shapes: [String: [Int]] = [:], tokenCount: Int? = nil
    ) throws(GraphError) {
        self.configuration = configuration
        self.tokenCount = tokenCount ?? Self.usualTokenCount
        self.shapes = configuration.freeWidths ? shapes : [:]
        var builder = UNet2DConditionBuilder(configuration: configuration, shapes: self.shapes, tokenCount: self.tokenCount)
        try builder.build()
        graph = builder.graph
        blockOutputs = builder.blockOutputs
    }

    /// The same network for another number of tokens.
    public func told(tokens count: Int) throws(GraphError) -> UNet2DConditionModel {
        count == tokenCount ? self : try UNet2DConditionModel(configuration, shapes: shapes, tokenCount: count)
    }
}
