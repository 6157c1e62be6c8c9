extension UNet2DBuilder {
    /// What sums of skip blocks are multiplied by: diffusers divides them by √2.
    private static let skipScale: Float = 1 / Float(2).squareRoot()

    /// The block at a level, going down.
    mutating func down(_ level: Int, _ input: Int) throws(GraphError) -> Int {
        let kind = configuration.downBlocks[level]
        let widths = configuration.blockOutChannels
        let width = widths[level]
        let name = "down_blocks.\(level)"
        var hidden = input
        for layer in 0..<configuration.layersPerBlock {
            let before = layer == 0 ? widths[max(0, level - 1)] : width
            hidden = try resnet("\(name).resnets.\(layer)", hidden, out: width, form: form(kind, in: before, out: width))
            if kind.hasAttention { hidden = try attention("\(name).attentions.\(layer)", hidden, width: width, kind) }
            skips.append(hidden)
        }
        guard level < widths.count - 1 else { return hidden }
        var halving = form(kind, in: width, out: width)
        halving.resampling = .half(kind.isSkip ? .binomial : .box)
        switch kind {
        case .skip, .attentionSkip:
            halving.hasShortcut = true
            hidden = try resnet("\(name).resnet_down", hidden, out: width, form: halving)
            if let picture {
                let smaller = try graph.add("\(name).downsamplers.0", Downsample(.binomial), [picture])
                self.picture = smaller
                let features = try pointwise("\(name).skip_conv", smaller, out: width)
                hidden = try graph.add(name, Add(), [features, hidden])
            }
        case .attention where configuration.downsamplesByResnet, .resnet:
            hidden = try resnet("\(name).downsamplers.0", hidden, out: width, form: halving)
        case .attention, .plain:
            let padding: Conv2d.Padding =
                configuration.downsamplePadding == 0 ? .belowAndRight : .symmetric(configuration.downsamplePadding)
            hidden = try convolution("\(name).downsamplers.0.conv", hidden, out: width, stride: 2, padding: padding)
        }
        skips.append(hidden)
        return hidden
    }

    /// The mid block.
    mutating func middle(_ input: Int, width: Int) throws(GraphError) -> Int {
        let form = form(groups: configuration.midNormGroups, configuration.midNormGroups, scale: 1 / configuration.midBlockScaleFactor)
        var hidden = try resnet("mid_block.resnets.0", input, out: width, form: form)
        if configuration.midBlockHasAttention {
            hidden = try attention(
                "mid_block.attentions.0", hidden, blockWidth: width,
                form: attention(groups: configuration.midAttentionNormGroups, scale: form.scale))
        }
        return try resnet("mid_block.resnets.1", hidden, out: width, form: form)
    }

    /// A block going up; the first is that of the lowest resolution.
    mutating func up(_ block: Int, _ input: Int) throws(GraphError) -> Int {
        let kind = configuration.upBlocks[block]
        let widths = Array(configuration.blockOutChannels.reversed())
        let width = widths[block]
        let name = "up_blocks.\(block)"
        var hidden = input
        for layer in 0...configuration.layersPerBlock {
            let before = layer == 0 ? widths[max(0, block - 1)] : width
            let skipped = layer == configuration.layersPerBlock ? widths[min(block + 1, widths.count - 1)] : width
            var form = form(kind, in: before + skipped, out: width)
            // diffusers divides the second width alone there.
            if kind == .attentionSkip { form.groups = min(before + skipped / 4, 32) }
            hidden = try graph.add("\(name).resnets.\(layer).concat", Concat(), [hidden, skips.removeLast()])
            hidden = try resnet("\(name).resnets.\(layer)", hidden, out: width, form: form)
            if kind == .attention { hidden = try attention("\(name).attentions.\(layer)", hidden, width: width, kind) }
        }
        if kind == .attentionSkip { hidden = try attention("\(name).attentions.0", hidden, width: width, kind) }
        if kind.isSkip, let picture { self.picture = try graph.add("\(name).upsampler", Upsample(.binomial), [picture]) }

        guard block < widths.count - 1 else { return hidden }
        var doubling = form(kind, in: width, out: width)
        doubling.resampling = .double(kind.isSkip ? .binomial : .box)
        switch kind {
        case .skip, .attentionSkip:
            doubling.hasShortcut = true
            let larger = try resnet("\(name).resnet_up", hidden, out: width, form: doubling)
            let features = try norm("\(name).skip_norm", hidden, groups: doubling.groups, epsilon: doubling.epsilon, activation: .silu)
            let drawn = try convolution("\(name).skip_conv", features, out: 3)
            if let below = picture { picture = try graph.add("\(name).picture", Add(), [below, drawn]) } else { picture = drawn }
            return larger
        case .attention where configuration.upsamplesByResnet, .resnet:
            return try resnet("\(name).upsamplers.0", hidden, out: width, form: doubling)
        case .attention, .plain:
            hidden = try graph.add("\(name).upsamplers.0", Upsample(), [hidden])
            return try convolution("\(name).upsamplers.0.conv", hidden, out: width)
        }
    }

    /// The norms and sums of a block's resnets, for widths as the configuration has them: what was cut freely kept its groups.
    private func form(_ kind: UNet2DBlock, in before: Int, out width: Int) -> ResnetForm {
        guard !kind.isSkip, let groups = configuration.normGroups else {
            return form(
                groups: UNet2DConfiguration.skipNormGroups(before), UNet2DConfiguration.skipNormGroups(width), scale: Self.skipScale)
        }
        return form(groups: groups, groups)
    }

    private func form(groups: Int, _ groupsOut: Int, scale: Float = 1) -> ResnetForm {
        ResnetForm(
            groups: groups, groupsOut: groupsOut, epsilon: configuration.normEpsilon, activation: configuration.activation,
            time: ResnetForm.Time(embedding: activatedEmbedding, scalesAndShifts: configuration.scaleShift), scale: scale)
    }

    private func attention(groups: Int?, scale: Float = 1) -> PictureAttention {
        PictureAttention(
            headWidth: configuration.attentionHeadDim, groups: groups, epsilon: configuration.normEpsilon, scale: scale)
    }

    private mutating func attention(_ name: String, _ input: Int, width: Int, _ kind: UNet2DBlock) throws(GraphError) -> Int {
        let form =
            kind.isSkip
            ? attention(groups: UNet2DConfiguration.skipAttentionNormGroups, scale: Self.skipScale)
            : attention(groups: configuration.normGroups)
        return try attention(name, input, blockWidth: width, form: form)
    }
}
