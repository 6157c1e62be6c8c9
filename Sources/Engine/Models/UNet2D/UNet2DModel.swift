/// diffusers' `UNet2DModel` as a graph, with its parameter names: the U-Net of DDPM (arXiv 2006.11239) and of unconditional LDM.
///
/// From `sample` and `timestep` it computes `out_sample`.
///
/// Nodes stand in the order of diffusers' `forward`: the time embedding, conv_in, the blocks going down, the middle, the blocks going
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
        var builder = Builder(configuration: configuration, shapes: configuration.freeWidths ? shapes : [:])
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

/// Emits the nodes. A value is the index of the node that computes it.
private struct Builder {
    let configuration: UNet2DConfiguration
    let shapes: [String: [Int]]
    var graph = Graph()
    /// The last node of each block.
    var blockOutputs: [String] = []
    /// SiLU of the time embedding, which every resnet reads.
    var activatedEmbedding = 0

    init(configuration: UNet2DConfiguration, shapes: [String: [Int]]) {
        self.configuration = configuration
        self.shapes = shapes
    }

    /// A layer's output width: its tensor's where the checkpoint has free widths, else what the config says.
    private func width(_ name: String, _ configured: Int) -> Int {
        shapes["\(name).weight"]?.first ?? configured
    }

    private func channels(_ node: Int) -> Int { graph.nodes[node].shape.channels }

    mutating func build() throws(GraphError) {
        let widths = configuration.blockOutChannels
        let sample = try graph.add(
            "sample",
            Input(Shape(height: configuration.sampleHeight, width: configuration.sampleWidth, channels: configuration.inChannels)))
        let timestep = try graph.add("timestep", Input(.vector(1)))
        try embedTime(timestep)

        var hidden = try convolution("conv_in", sample, out: widths[0])
        var skips = [hidden]
        for (block, width) in widths.enumerated() {
            let name = "down_blocks.\(block)"
            for layer in 0..<configuration.layersPerBlock {
                hidden = try resnet("\(name).resnets.\(layer)", hidden, out: width)
                if configuration.downBlockHasAttention[block] {
                    hidden = try attention(
                        "\(name).attentions.\(layer)", hidden, width: width, groups: configuration.normGroups)
                }
                skips.append(hidden)
            }
            if block < widths.count - 1 {
                let padding: Conv2d.Padding =
                    configuration.downsamplePadding == 0 ? .belowAndRight : .symmetric(configuration.downsamplePadding)
                hidden = try convolution("\(name).downsamplers.0.conv", hidden, out: width, stride: 2, padding: padding)
                skips.append(hidden)
            }
            endBlock(hidden)
        }

        hidden = try middle(hidden, width: widths[widths.count - 1])
        endBlock(hidden)

        for (block, width) in widths.reversed().enumerated() {
            let name = "up_blocks.\(block)"
            for layer in 0...configuration.layersPerBlock {
                hidden = try graph.add("\(name).resnets.\(layer).concat", Concat(), [hidden, skips.removeLast()])
                hidden = try resnet("\(name).resnets.\(layer)", hidden, out: width)
                if configuration.upBlockHasAttention[block] {
                    hidden = try attention(
                        "\(name).attentions.\(layer)", hidden, width: width, groups: configuration.normGroups)
                }
            }
            if block < widths.count - 1 {
                hidden = try graph.add("\(name).upsamplers.0", Upsample(), [hidden])
                hidden = try convolution("\(name).upsamplers.0.conv", hidden, out: width)
            }
            endBlock(hidden)
        }

        hidden = try norm("conv_norm_out", hidden, isActivated: true)
        graph.addOutput("out_sample", try convolution("conv_out", hidden, out: configuration.outChannels))
    }

    private mutating func endBlock(_ node: Int) { blockOutputs.append(graph.nodes[node].name) }

    private mutating func embedTime(_ timestep: Int) throws(GraphError) {
        let channels = configuration.blockOutChannels[0]
        let embedding: any Operator
        if let steps = configuration.timeEmbeddingTable {
            embedding = TimestepTable("time_proj", steps: steps, channels: channels)
        } else {
            embedding = TimestepEmbedding(
                channels: channels, flipSinToCos: configuration.flipSinToCos, frequencyShift: configuration.freqShift)
        }
        var hidden = try graph.add("time_proj", embedding, [timestep])
        hidden = try linear("time_embedding.linear_1", hidden, out: configuration.timeEmbeddingDim, width: .own)
        hidden = try graph.add("time_embedding.act", SiLU(), [hidden])
        hidden = try linear("time_embedding.linear_2", hidden, out: configuration.timeEmbeddingDim, width: .own)
        activatedEmbedding = try graph.add("time_embedding.nonlinearity", SiLU(), [hidden])
    }

    private mutating func middle(_ input: Int, width: Int) throws(GraphError) -> Int {
        let scale = 1 / configuration.midBlockScaleFactor
        var hidden = try resnet("mid_block.resnets.0", input, out: width, scale: scale)
        if configuration.midBlockHasAttention {
            hidden = try attention(
                "mid_block.attentions.0", hidden, width: width, groups: configuration.midAttentionNormGroups, scale: scale)
        }
        return try resnet("mid_block.resnets.1", hidden, out: width, scale: scale)
    }

    private mutating func resnet(_ name: String, _ input: Int, out: Int, scale: Float = 1) throws(GraphError) -> Int {
        var hidden = try norm("\(name).norm1", input, isActivated: true)
        hidden = try convolution("\(name).conv1", hidden, out: out)
        if configuration.scaleShift {
            let modulation = try linear("\(name).time_emb_proj", activatedEmbedding, out: 2 * channels(hidden))
            hidden = try norm("\(name).norm2", hidden)
            hidden = try graph.add("\(name).scale_shift", ScaleShift(), [hidden, modulation])
            hidden = try graph.add("\(name).nonlinearity2", SiLU(), [hidden])
        } else {
            let shift = try linear("\(name).time_emb_proj", activatedEmbedding, out: channels(hidden))
            hidden = try graph.add("\(name).time_emb", Add(), [hidden, shift])
            hidden = try norm("\(name).norm2", hidden, isActivated: true)
        }
        hidden = try convolution("\(name).conv2", hidden, out: out)
        var residual = input
        if needsShortcut(name, input, out) {
            residual = try convolution("\(name).conv_shortcut", input, out: out, kernel: 1, padding: .symmetric(0))
        }
        return try graph.add(name, Add(scale: scale), [residual, hidden])
    }

    /// diffusers compares the widths of the config; a checkpoint of free widths has the shortcuts of the model it was cut from.
    private func needsShortcut(_ name: String, _ input: Int, _ out: Int) -> Bool {
        configuration.freeWidths ? shapes["\(name).conv_shortcut.weight"] != nil : channels(input) != out
    }

    private mutating func attention(_ name: String, _ input: Int, width: Int, groups: Int?, scale: Float = 1) throws(GraphError) -> Int {
        // Heads are counted by the config: what was cut freely made each of them narrower.
        let headWidth = configuration.attentionHeadDim ?? width
        let heads = width / headWidth
        let inner = heads * headWidth
        let rule: WidthRule = configuration.attentionHeadDim == nil ? .block : .heads(blockWidth: width, headWidth: headWidth)
        var hidden = input
        if let groups { hidden = try norm("\(name).group_norm", input, groups: groups) }
        let query = try linear("\(name).to_q", hidden, out: inner, width: rule)
        let key = try linear("\(name).to_k", hidden, out: inner, width: rule)
        let value = try linear("\(name).to_v", hidden, out: inner, width: rule)
        hidden = try graph.add("\(name).heads", Attention(heads: heads), [query, key, value])
        hidden = try linear("\(name).to_out.0", hidden, out: width)
        return try graph.add(name, Add(scale: scale), [input, hidden])
    }

    private mutating func norm(_ name: String, _ input: Int, groups: Int? = nil, isActivated: Bool = false) throws(GraphError) -> Int {
        try graph.add(
            name,
            GroupNorm(
                name, channels: channels(input), groups: groups ?? configuration.normGroups, epsilon: configuration.normEpsilon,
                isActivated: isActivated), [input])
    }

    private mutating func convolution(
        _ name: String, _ input: Int, out: Int, kernel: Int = 3, stride: Int = 1, padding: Conv2d.Padding = .symmetric(1)
    ) throws(GraphError) -> Int {
        try graph.add(
            name,
            Conv2d(name, in: channels(input), out: width(name, out), kernel: kernel, stride: stride, padding: padding), [input])
    }

    private mutating func linear(_ name: String, _ input: Int, out: Int, width rule: WidthRule = .block) throws(GraphError) -> Int {
        try graph.add(name, Linear(name, in: channels(input), out: width(name, out), width: rule), [input])
    }
}
