import Documents

extension CompVisUNet {
    /// What that code fixes, and the form that both of diffusers' classes are told: GroupNorms of 32 groups and epsilon 1e-5, cosines before
    /// sines with frequencies 10000^(-k / (width / 2)), padding on all sides before strided convolutions.
    private func common(sampleSize: JSON?) -> [JSON.Member] {
        var members: [JSON.Member] = [
            .init("act_fn", "silu"), .init("block_out_channels", .integers(levels.map(\.width))), .init("center_input_sample", false),
            .init("downsample_padding", 1), .init("flip_sin_to_cos", true), .init("freq_shift", 0),
            .init("in_channels", .integer(inChannels)), .init("mid_block_scale_factor", 1), .init("norm_eps", .double(1e-5)),
            .init("norm_num_groups", 32), .init("out_channels", .integer(outChannels)),
            .init("resnet_time_scale_shift", scaleShift ? "scale_shift" : "default"), .init("time_embedding_type", "positional"),
        ]
        if let sampleSize { members.append(.init("sample_size", sampleSize)) }
        if case .table(let rows) = classes { members.append(.init("num_class_embeds", .integer(rows))) }
        return members
    }

    /// The `config.json` of the `UNet2DModel` or `UNet2DConditionModel` that it is.
    ///
    /// - Parameter sampleSize: nil where nobody has said it.
    /// - Throws: ``CheckpointError/contents(path:trouble:)`` where no configuration of these classes can say it.
    func config(_ heads: CompVisHeads, sampleSize: JSON?) throws(CheckpointError) -> JSON {
        let (name, own) = tokenWidth == nil ? ("UNet2DModel", try unconditional(heads)) : ("UNet2DConditionModel", try conditional(heads))
        let members = common(sampleSize: sampleSize) + own
        let head: JSON = ["_class_name": .string(name), "_diffusers_version": "0.30.0"]
        return head.adding(members.sorted { $0.name < $1.name })
    }

    private func unconditional(_ heads: CompVisHeads) throws(CheckpointError) -> [JSON.Member] {
        guard let layers = levels.first?.layers, levels.allSatisfy({ $0.layers == layers }) else {
            throw refusal("num_res_blocks of one number for all levels, as UNet2DModel has", "\(levels.map(\.layers))")
        }
        if case .projection = classes { throw refusal("a class or none, as UNet2DModel is told no vector", "label_emb.0.0") }
        func kind(_ level: Level, _ isLast: Bool) -> UNet2DBlock {
            level.hasAttention ? .attention : resamplesByResnet && !isLast ? .resnet : .plain
        }
        let last = levels.count - 1
        let down = levels.enumerated().map { JSON.string(kind($1, $0 == last).downName) }
        let up = levels.enumerated().reversed().map { JSON.string(kind($1, $0 == 0).upName) }
        return [
            .init("attention_head_dim", try headWidth(heads).map(JSON.integer) ?? .null),
            // Without it the mid block would have no norm before attention where the timestep scales and shifts.
            .init("attn_norm_num_groups", 32), .init("down_block_types", .array(down)),
            .init("downsample_type", resamplesByResnet ? "resnet" : "conv"), .init("layers_per_block", .integer(layers)),
            .init("up_block_types", .array(up)), .init("upsample_type", resamplesByResnet ? "resnet" : "conv"),
        ]
    }

    /// Of all levels: nil where there is one head, as wide as the level.
    private func headWidth(_ heads: CompVisHeads) throws(CheckpointError) -> Int? {
        switch heads {
        case .width(let width): return width
        case .count(1): return nil
        case .count(let count):
            let widths = Set(levels.filter(\.hasAttention).map(\.width) + levels.suffix(1).map(\.width))
            guard widths.count == 1, let width = widths.first, width % count == 0 else {
                throw refusal(
                    "num_head_channels, or num_heads of 1 or where attention has one width: UNet2DModel has heads of one width",
                    "num_heads \(count) at widths \(widths.sorted())")
            }
            return width / count
        }
    }

    private func conditional(_ heads: CompVisHeads) throws(CheckpointError) -> [JSON.Member] {
        guard !resamplesByResnet else {
            throw refusal("resblock_updown of false beside transformers, as UNet2DConditionModel has", "true")
        }
        let counts = levels.map { heads.count(in: $0.width) }
        let (layers, depths) = (levels.map(\.layers), levels.map(\.depth))
        func each(_ numbers: [Int]) -> JSON { Set(numbers).count == 1 ? .integer(numbers[0]) : .integers(numbers) }
        func blocks(_ name: String, _ levels: [Level]) -> JSON {
            .array(levels.map { .string($0.hasAttention ? "CrossAttn\(name)Block2D" : "\(name)Block2D") })
        }
        var members: [JSON.Member] = [
            .init("attention_head_dim", each(counts)), .init("cross_attention_dim", .integer(tokenWidth ?? 0)),
            .init("down_block_types", blocks("Down", levels)), .init("layers_per_block", each(layers)),
            .init("mid_block_type", "UNetMidBlock2DCrossAttn"), .init("transformer_layers_per_block", each(depths)),
            .init("up_block_types", blocks("Up", levels.reversed())), .init("use_linear_projection", .bool(hasLinearProjections)),
        ]
        if levels.contains(where: \.onlyCrossAttention) {
            members.append(.init("only_cross_attention", .array(levels.map { .bool($0.onlyCrossAttention) })))
        }
        if case .projection(let channels) = classes {
            members += [
                .init("class_embed_type", "projection"), .init("projection_class_embeddings_input_dim", .integer(channels)),
            ]
        }
        return members
    }

    private func refusal(_ expected: String, _ found: String) -> CheckpointError {
        shapes.refusal("its U-Net has \(found), expected \(expected)")
    }
}
