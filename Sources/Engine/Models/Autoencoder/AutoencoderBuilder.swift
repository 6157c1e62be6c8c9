/// Emits the nodes of one half of an ``AutoencoderModel``, or of both, one after the other. A value is the index of the node that computes it.
struct AutoencoderBuilder: LayerBuilder {
    let configuration: AutoencoderConfiguration
    /// The checkpoint's tensor shapes where it has free widths; empty where the config tells.
    let shapes: [String: [Int]]
    /// Whether the decoder alone is trained and cut.
    let isEncoderFixed: Bool
    var graph = Graph()
    /// The nodes that give what the decoder's blocks return, by name.
    private(set) var decoderBlocks: [String] = []

    private static let epsilon: Float = 1e-6
    /// Of an `AsymmetricAutoencoderKL`: the layers that look at a mask.
    static let maskEncoder = "decoder.condition_encoder"

    init(_ configuration: AutoencoderConfiguration, shapes: [String: [Int]] = [:], isEncoderFixed: Bool = false) {
        self.configuration = configuration
        self.isEncoderFixed = isEncoderFixed
        self.shapes = configuration.freeWidths ? shapes : [:]
    }

    /// From a picture to what the decoder makes of what the encoder makes of it: of a distribution its means, of a `VQModel`'s latents the
    /// nearest rows.
    mutating func reconstruct(height: Int, width: Int) throws(GraphError) {
        var latents = try encoded(height: height, width: width)
        if configuration.kind == .distribution {
            latents = try graph.add("means", FirstChannels(configuration.latentChannels), [latents])
        }
        if isEncoderFixed { latents = try graph.add("fixed", Detach(), [latents]) }
        graph.addOutput("reconstruction", try decoded(latents))
    }

    /// diffusers' `Encoder`, and `quant_conv`.
    mutating func encode(height: Int, width: Int) throws(GraphError) {
        graph.addOutput("moments", try encoded(height: height, width: width))
    }

    /// The table of a `VQModel`, `post_quant_conv`, and diffusers' `Decoder`.
    mutating func decode(height: Int, width: Int) throws(GraphError) {
        let latents = try graph.add("latents", Input(Shape(height: height, width: width, channels: configuration.latentChannels)))
        graph.addOutput("sample", try decoded(latents))
    }

    /// The node that gives the moments.
    private mutating func encoded(height: Int, width: Int) throws(GraphError) -> Int {
        let widths = configuration.blockOutChannels
        let sample = try graph.add("sample", Input(Shape(height: height, width: width, channels: configuration.inChannels)))
        var hidden = try convolution("encoder.conv_in", sample, out: widths[0])
        for (level, width) in widths.enumerated() {
            let name = "encoder.down_blocks.\(level)"
            let attends = configuration.downAttention[level]
            hidden = try block(name, hidden, width: width, layers: configuration.layersPerBlock, attends: attends, latents: nil)
            guard level < widths.count - 1 else { break }
            hidden = try convolution("\(name).downsamplers.0.conv", hidden, out: width, stride: 2, padding: .belowAndRight)
        }
        hidden = try middle("encoder.mid_block", hidden, width: widths[widths.count - 1], latents: nil)
        hidden = try norm(
            "encoder.conv_norm_out", hidden, groups: configuration.normGroups, epsilon: Self.epsilon, activation: .silu)
        let out = configuration.kind == .distribution ? 2 * configuration.innerChannels : configuration.innerChannels
        hidden = try convolution("encoder.conv_out", hidden, out: out, width: .fixed)
        guard configuration.hasQuantConvolution else { return hidden }
        return try pointwise("quant_conv", hidden, out: configuration.momentChannels, width: .fixed)
    }

    /// The node that gives the picture.
    private mutating func decoded(_ input: Int) throws(GraphError) -> Int {
        let (widths, layers) = (Array(configuration.decoderBlockOutChannels.reversed()), configuration.decoderLayersPerBlock + 1)
        var hidden = input
        if case .codebook(let rows) = configuration.kind {
            hidden = try graph.add("quantize", Quantization("quantize.embedding", rows: rows, channels: channels(hidden)), [hidden])
        }
        let latents = configuration.hasSpatialNorms ? hidden : nil
        if configuration.hasPostQuantConvolution {
            hidden = try pointwise("post_quant_conv", hidden, out: configuration.innerChannels, width: .fixed)
        }
        hidden = try convolution("decoder.conv_in", hidden, out: widths[0])
        hidden = try middle("decoder.mid_block", hidden, width: widths[0], latents: latents)
        decoderBlocks.append(graph.nodes[hidden].name)
        for (level, width) in widths.enumerated() {
            let name = "decoder.up_blocks.\(level)"
            let attends = configuration.upAttention[level]
            hidden = try block(name, hidden, width: width, layers: layers, attends: attends, latents: latents)
            if level < widths.count - 1 {
                hidden = try graph.add("\(name).upsamplers.0", Upsample(), [hidden])
                hidden = try convolution("\(name).upsamplers.0.conv", hidden, out: width)
            }
            decoderBlocks.append(graph.nodes[hidden].name)
        }
        if configuration.isAsymmetric {
            try graph.add(Self.maskEncoder, IdleLayers(configuration.maskEncoder(Self.maskEncoder)), [input])
        }
        if let latents {
            hidden = try spatialNorm("decoder.conv_norm_out", hidden, latents: latents)
            hidden = try graph.add("decoder.conv_act", Activation(.silu), [hidden])
        } else {
            hidden = try norm(
                "decoder.conv_norm_out", hidden, groups: configuration.normGroups, epsilon: Self.epsilon, activation: .silu)
        }
        return try convolution("decoder.conv_out", hidden, out: configuration.outChannels)
    }

    private func form(_ latents: Int?) -> ResnetForm {
        ResnetForm(
            groups: configuration.normGroups, groupsOut: configuration.normGroups, epsilon: Self.epsilon,
            activation: configuration.activation, latents: latents)
    }

    /// One head as wide as the block; its norm reads the latents where others do.
    private mutating func attention(_ name: String, _ input: Int, width: Int, latents: Int?) throws(GraphError) -> Int {
        let groups = latents == nil ? configuration.normGroups : nil
        return try attention(
            name, input, blockWidth: width,
            form: PictureAttention(headWidth: nil, groups: groups, epsilon: Self.epsilon, latents: latents))
    }

    private mutating func block(
        _ name: String, _ input: Int, width: Int, layers: Int, attends: Bool, latents: Int?
    ) throws(GraphError) -> Int {
        var hidden = input
        for layer in 0..<layers {
            hidden = try resnet("\(name).resnets.\(layer)", hidden, out: width, form: form(latents))
            if attends { hidden = try attention("\(name).attentions.\(layer)", hidden, width: width, latents: latents) }
        }
        return hidden
    }

    private mutating func middle(_ name: String, _ input: Int, width: Int, latents: Int?) throws(GraphError) -> Int {
        var hidden = try resnet("\(name).resnets.0", input, out: width, form: form(latents))
        if configuration.midBlockHasAttention {
            hidden = try attention("\(name).attentions.0", hidden, width: width, latents: latents)
        }
        return try resnet("\(name).resnets.1", hidden, out: width, form: form(latents))
    }
}
