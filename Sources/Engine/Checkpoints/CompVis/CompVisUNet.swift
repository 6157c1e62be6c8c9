import Documents

/// The U-Net of CompVis's code base (`openaimodel.py`), its form as its tensors tell it.
///
/// They tell all but how many heads attention has, and in which order the rows of q, k and v stand where one layer makes all three.
struct CompVisUNet {
    /// What one level has, from the highest resolution to the lowest.
    struct Level: Equatable {
        let width: Int
        /// Residual blocks going down; going up there is one more.
        let layers: Int
        let hasAttention: Bool
        /// Layers of its transformers.
        let depth: Int
        /// Whether its transformers attend to the tokens twice, and not to the pixels.
        let onlyCrossAttention: Bool
    }

    /// What it is told beside the timestep.
    enum Classes: Equatable {
        /// A class by its number (`num_classes`).
        case table(rows: Int)
        /// A vector (`num_classes: "sequential"`, `adm_in_channels`).
        case projection(channels: Int)
    }

    let levels: [Level]
    let inChannels: Int
    let outChannels: Int
    /// Width of the tokens that transformers look at; nil where attention is to pixels alone.
    let tokenWidth: Int?
    /// Whether the transformers' projections are linear layers.
    let hasLinearProjections: Bool
    /// Whether the timestep scales and shifts (`use_scale_shift_norm`).
    let scaleShift: Bool
    /// Whether residual blocks halve and double the maps (`resblock_updown`).
    let resamplesByResnet: Bool
    let classes: Classes?
    let names: ModuleNames
    let shapes: TensorShapes

    /// Reads the form.
    ///
    /// - Parameter shapes: its tensors, by names without `model.diffusion_model.`.
    /// - Throws: ``CheckpointError/contents(path:trouble:)``.
    init(_ shapes: TensorShapes) throws(CheckpointError) {
        self.shapes = shapes
        inChannels = try shapes.size("input_blocks.0.0.weight", 1)
        outChannels = try shapes.size("out.2.weight", 0)
        let token = "middle_block.1.transformer_blocks.0.attn2.to_k.weight"
        tokenWidth = shapes.has("middle_block.1.qkv.weight") ? nil : try shapes.size(token, 1)
        hasLinearProjections = shapes.rank("middle_block.1.proj_in.weight") == 2

        // The blocks going up tell where a level ends: the last of each but the highest doubles the map.
        let blocks = shapes.count { "output_blocks.\($0).0.in_layers.0.weight" }
        var counts = [0]
        for block in 0..<blocks {
            counts[counts.count - 1] += 1
            if Self.upsampler(block, shapes) != nil { counts.append(0) }
        }
        counts.reverse()
        let inputs = shapes.count { block in
            ["weight", "op.weight", "in_layers.0.weight"].map { "input_blocks.\(block).0.\($0)" }.first(where: shapes.has) ?? ""
        }
        guard counts.allSatisfy({ (2...ConfigurationLimits.layers + 1).contains($0) }), counts.count <= ConfigurationLimits.levels,
            inputs == blocks
        else {
            let layers = counts.prefix(12).map { "\($0 - 1)" }.joined(separator: ", ")
            throw shapes.refusal(
                "\(shapes.prefix)input_blocks and output_blocks are \(inputs) and \(blocks), which in levels of \(layers) layers is not the "
                    + "U-Net of CompVis's code base, or one that resamples without weights (conv_resample: false)")
        }
        var levels: [Level] = []
        var block = 1
        for (level, count) in counts.enumerated() {
            let name = "input_blocks.\(block)"
            let width = try shapes.size("\(name).0.out_layers.3.weight", 0)
            let hasAttention = shapes.has("\(name).1.norm.weight")
            let attention = hasAttention ? "\(name).1" : "middle_block.1"
            let key = "\(attention).transformer_blocks.0.attn1.to_k.weight"
            let keyWidth = tokenWidth != nil && hasAttention ? try shapes.size(key, 1) : width
            levels.append(
                Level(
                    width: width, layers: count - 1, hasAttention: hasAttention,
                    depth: max(1, shapes.count { "\(attention).transformer_blocks.\($0).norm1.weight" }),
                    onlyCrossAttention: keyWidth != width))
            block += count - 1 + (level < counts.count - 1 ? 1 : 0)
        }
        self.levels = levels
        scaleShift = try shapes.size("middle_block.0.emb_layers.1.weight", 0) == 2 * levels[levels.count - 1].width
        resamplesByResnet = levels.count > 1 && !shapes.has("input_blocks.\(levels[0].layers + 1).0.op.weight")
        if shapes.has("label_emb.weight") {
            classes = .table(rows: try shapes.size("label_emb.weight", 0))
        } else if shapes.has("label_emb.0.0.weight") {
            classes = .projection(channels: try shapes.size("label_emb.0.0.weight", 1))
        } else {
            classes = nil
        }
        names = Self.names(
            levels, isTold: tokenWidth != nil, byResnet: resamplesByResnet, upsampler: { Self.upsampler($0, shapes) ?? 1 },
            isProjected: shapes.has("label_emb.0.0.weight"))
    }

    /// Where in a block the layer stands that doubles the map; nil where there is none.
    private static func upsampler(_ block: Int, _ shapes: TensorShapes) -> Int? {
        (1...2).first { place in
            ["conv", "in_layers.0"].contains { shapes.has("output_blocks.\(block).\(place).\($0).weight") }
        }
    }

    private static func names(
        _ levels: [Level], isTold: Bool, byResnet: Bool, upsampler: (Int) -> Int, isProjected: Bool
    ) -> ModuleNames {
        let attention: ModuleNames.Layers = isTold ? .same : .attention
        var names = ModuleNames()
        for (file, today) in [
            ("time_embed.0", "time_embedding.linear_1"), ("time_embed.2", "time_embedding.linear_2"), ("input_blocks.0.0", "conv_in"),
            ("out.0", "conv_norm_out"), ("out.2", "conv_out"),
        ] {
            names.add(file, today)
        }
        if isProjected {
            names.add("label_emb.0.0", "class_embedding.linear_1")
            names.add("label_emb.0.2", "class_embedding.linear_2")
        } else {
            names.add("label_emb", "class_embedding")
        }
        var block = 1
        for (index, level) in levels.enumerated() {
            for layer in 0..<level.layers {
                names.add("input_blocks.\(block).0", "down_blocks.\(index).resnets.\(layer)", .resnet)
                if level.hasAttention { names.add("input_blocks.\(block).1", "down_blocks.\(index).attentions.\(layer)", attention) }
                block += 1
            }
            guard index < levels.count - 1 else { continue }
            if byResnet {
                names.add("input_blocks.\(block).0", "down_blocks.\(index).downsamplers.0", .resnet)
            } else {
                names.add("input_blocks.\(block).0.op", "down_blocks.\(index).downsamplers.0.conv")
            }
            block += 1
        }
        names.add("middle_block.0", "mid_block.resnets.0", .resnet)
        names.add("middle_block.1", "mid_block.attentions.0", attention)
        names.add("middle_block.2", "mid_block.resnets.1", .resnet)
        block = 0
        for (index, level) in levels.reversed().enumerated() {
            for layer in 0...level.layers {
                names.add("output_blocks.\(block).0", "up_blocks.\(index).resnets.\(layer)", .resnet)
                if level.hasAttention { names.add("output_blocks.\(block).1", "up_blocks.\(index).attentions.\(layer)", attention) }
                if layer == level.layers, index < levels.count - 1 {
                    let place = "output_blocks.\(block).\(upsampler(block))"
                    if byResnet {
                        names.add(place, "up_blocks.\(index).upsamplers.0", .resnet)
                    } else {
                        names.add("\(place).conv", "up_blocks.\(index).upsamplers.0.conv")
                    }
                }
                block += 1
            }
        }
        return names
    }
}
