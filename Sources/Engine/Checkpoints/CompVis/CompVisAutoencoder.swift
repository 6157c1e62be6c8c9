import Documents

/// The autoencoder of CompVis's code base (`AutoencoderKL`, `VQModelInterface`), its form as its tensors tell it.
struct CompVisAutoencoder {
    /// Channels of each level, from the highest resolution to the lowest.
    let widths: [Int]
    /// Residual blocks of the encoder's levels; the decoder's have one more.
    let layers: Int
    /// Whether each level has attention.
    let attends: [Bool]
    let middleAttends: Bool
    let inChannels: Int
    let outChannels: Int
    /// Channels that the decoder begins with (`z_channels`).
    let innerChannels: Int
    /// Channels of latents (`embed_dim`).
    let latentChannels: Int
    /// Rows of its table; nil of an `AutoencoderKL`.
    let tableRows: Int?
    let names: ModuleNames
    private let shapes: TensorShapes

    /// diffusers' name of the class.
    var className: String { tableRows == nil ? "AutoencoderKL" : "VQModel" }

    /// Reads the form.
    ///
    /// - Parameter shapes: its tensors, by names without `first_stage_model.`.
    /// - Throws: ``CheckpointError/contents(path:trouble:)``.
    init(_ shapes: TensorShapes) throws(CheckpointError) {
        self.shapes = shapes
        let levels = shapes.count { "decoder.up.\($0).block.0.norm1.weight" }
        guard (1...ConfigurationLimits.levels).contains(levels) else {
            throw shapes.refusal("\(shapes.prefix)decoder has \(levels) levels, expected 1 to \(ConfigurationLimits.levels)")
        }
        let blocks = shapes.count { "decoder.up.0.block.\($0).norm1.weight" }
        guard (2...ConfigurationLimits.layers + 1).contains(blocks) else {
            throw shapes.refusal("\(shapes.prefix)decoder.up.0 has \(blocks) blocks, expected 2 to \(ConfigurationLimits.layers + 1)")
        }
        layers = blocks - 1
        var widths: [Int] = []
        for level in 0..<levels { widths.append(try shapes.size("decoder.up.\(level).block.0.conv2.weight", 0)) }
        self.widths = widths
        attends = (0..<levels).map { shapes.has("decoder.up.\($0).attn.0.norm.weight") }
        middleAttends = shapes.has("decoder.mid.attn_1.norm.weight")
        outChannels = try shapes.size("decoder.conv_out.weight", 0)
        inChannels = shapes.has("encoder.conv_in.weight") ? try shapes.size("encoder.conv_in.weight", 1) : outChannels
        innerChannels = try shapes.size("decoder.conv_in.weight", 1)
        latentChannels = try shapes.size("post_quant_conv.weight", 1)
        tableRows = shapes.has("quantize.embedding.weight") ? try shapes.size("quantize.embedding.weight", 0) : nil
        names = Self.names(levels: levels, blocks: blocks)
        guard tableRows != nil || latentChannels == innerChannels else {
            throw shapes.refusal(
                "its autoencoder has latents of \(latentChannels) channels beside z_channels of \(innerChannels), expected as many, as "
                    + "AutoencoderKL has")
        }
    }

    private static func names(levels: Int, blocks: Int) -> ModuleNames {
        var names = ModuleNames()
        for name in ["quant_conv", "post_quant_conv", "quantize.embedding"] { names.add(name, name) }
        for (half, going, today) in [("encoder", "down", "down_blocks"), ("decoder", "up", "up_blocks")] {
            for (file, now) in [("conv_in", "conv_in"), ("norm_out", "conv_norm_out"), ("conv_out", "conv_out")] {
                names.add("\(half).\(file)", "\(half).\(now)")
            }
            names.add("\(half).mid.block_1", "\(half).mid_block.resnets.0", .plainResnet)
            names.add("\(half).mid.attn_1", "\(half).mid_block.attentions.0", .plainAttention)
            names.add("\(half).mid.block_2", "\(half).mid_block.resnets.1", .plainResnet)
            for level in 0..<levels {
                // Here levels are counted from the highest resolution, there the decoder's from the lowest.
                let block = "\(half).\(today).\(half == "encoder" ? level : levels - 1 - level)"
                for layer in 0..<blocks {
                    names.add("\(half).\(going).\(level).block.\(layer)", "\(block).resnets.\(layer)", .plainResnet)
                    names.add("\(half).\(going).\(level).attn.\(layer)", "\(block).attentions.\(layer)", .plainAttention)
                }
                names.add("\(half).\(going).\(level).\(going)sample.conv", "\(block).\(going)samplers.0.conv")
            }
        }
        return names
    }

    /// Its tensors under diffusers' names; those that have none keep the file's. What only training needed is left out.
    var parts: [MappedWeights.Part] {
        shapes.entries.filter { !$0.name.hasPrefix("loss.") && !$0.name.hasPrefix("model_ema.") }.map { name, entry in
            guard let (today, isFlat) = names.today(name) else { return MappedWeights.Part(entry.name, entry) }
            return MappedWeights.Part(today, entry, shape: isFlat ? MappedWeights.flat(entry.shape) : nil)
        }
    }

    /// Its `config.json`.
    ///
    /// - Parameters:
    ///   - scaling: what latents are multiplied by for the U-Net.
    ///   - latentSize: the U-Net's samples' side; nil where it is not known.
    func config(scaling: Double, latentSize: Int?) -> JSON {
        var members: [JSON.Member] = [
            .init("act_fn", "silu"), .init("block_out_channels", .integers(widths)),
            .init("down_block_types", .array(attends.map { .string($0 ? "AttnDownEncoderBlock2D" : "DownEncoderBlock2D") })),
            .init("in_channels", .integer(inChannels)), .init("latent_channels", .integer(innerChannels)),
            .init("layers_per_block", .integer(layers)), .init("norm_num_groups", 32), .init("out_channels", .integer(outChannels)),
            .init("scaling_factor", .double(scaling)),
            .init("up_block_types", .array(attends.reversed().map { .string($0 ? "AttnUpDecoderBlock2D" : "UpDecoderBlock2D") })),
        ]
        if let latentSize { members.append(.init("sample_size", .integer(latentSize << (widths.count - 1)))) }
        if !middleAttends { members.append(.init("mid_block_add_attention", false)) }
        if let tableRows {
            members += [.init("num_vq_embeddings", .integer(tableRows)), .init("vq_embed_dim", .integer(latentChannels))]
        }
        let head: JSON = ["_class_name": .string(className), "_diffusers_version": "0.30.0"]
        return head.adding(members.sorted { $0.name < $1.name })
    }
}
