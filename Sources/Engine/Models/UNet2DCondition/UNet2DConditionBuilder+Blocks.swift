extension UNet2DConditionBuilder {
    /// The block at a level, going down.
    mutating func down(_ level: Int, _ input: Int) throws(GraphError) -> Int {
        let kind = configuration.downBlocks[level]
        let width = configuration.levels[level].width
        let name = "down_blocks.\(level)"
        var hidden = input
        for layer in 0..<configuration.levels[level].layers {
            hidden = try resnet("\(name).resnets.\(layer)", hidden, out: width, form: form(kind))
            hidden = try attend("\(name).attentions.\(layer)", hidden, kind, level: level, headsOf: level)
            skips.append(hidden)
        }
        guard level < configuration.levels.count - 1 else { return hidden }
        if kind.resamplesByResnet {
            var halving = form(kind)
            halving.resampling = .half(.box)
            hidden = try resnet("\(name).downsamplers.0", hidden, out: width, form: halving)
        } else {
            let padding: Conv2d.Padding =
                configuration.downsamplePadding == 0 ? .belowAndRight : .symmetric(configuration.downsamplePadding)
            hidden = try convolution("\(name).downsamplers.0.conv", hidden, out: width, stride: 2, padding: padding)
        }
        skips.append(hidden)
        return hidden
    }

    /// The mid block.
    mutating func middle(_ kind: UNet2DConditionMiddle, _ input: Int) throws(GraphError) -> Int {
        let last = configuration.levels.count - 1
        let level = configuration.levels[last]
        let skipsActivation = kind == .simpleCrossAttention && configuration.skipsTimeActivation
        let form = form(scale: 1 / configuration.midBlockScaleFactor, skipsActivation: skipsActivation)
        var hidden = try resnet("mid_block.resnets.0", input, out: level.width, form: form)
        switch kind {
        case .plain: return hidden
        case .crossAttention: hidden = try transformer("mid_block.attentions.0", hidden, level: last, onlyCrossAttention: false)
        case .simpleCrossAttention:
            hidden = try tokenAttention(
                "mid_block.attentions.0", hidden, tokens: tokens, blockWidth: level.width,
                form: TokenAttention(
                    headWidth: level.heads, groups: configuration.normGroups, onlyTokens: configuration.middleOnlyCrossAttention))
        }
        return try resnet("mid_block.resnets.1", hidden, out: level.width, form: form)
    }

    /// A block going up; the first is that of the lowest resolution.
    mutating func up(_ block: Int, _ input: Int) throws(GraphError) -> Int {
        let kind = configuration.upBlocks[block]
        let last = configuration.levels.count - 1
        let level = last - block
        let width = configuration.levels[level].width
        let name = "up_blocks.\(block)"
        var hidden = input
        for layer in 0...configuration.levels[level].layers {
            hidden = try graph.add("\(name).resnets.\(layer).concat", Concat(), [hidden, skips.removeLast()])
            hidden = try resnet("\(name).resnets.\(layer)", hidden, out: width, form: form(kind))
            hidden = try attend("\(name).attentions.\(layer)", hidden, kind, level: level, headsOf: block)
        }
        guard block < last else { return hidden }
        if kind.resamplesByResnet {
            var doubling = form(kind)
            doubling.resampling = .double(.box)
            return try resnet("\(name).upsamplers.0", hidden, out: width, form: doubling)
        }
        hidden = try graph.add("\(name).upsamplers.0", Upsample(), [hidden])
        return try convolution("\(name).upsamplers.0.conv", hidden, out: width)
    }

    /// What follows a resnet in a block.
    ///
    /// - Parameter headsOf: the level whose `attention_head_dim` is a head's width where there is no transformer: going up diffusers counts
    ///   these from the highest resolution.
    private mutating func attend(
        _ name: String, _ input: Int, _ kind: UNet2DConditionBlock, level: Int, headsOf: Int
    ) throws(GraphError) -> Int {
        let width = configuration.levels[level].width
        let headWidth = configuration.levels[headsOf].heads
        switch kind {
        case .plain, .resnet: return input
        case .crossAttention:
            return try transformer(name, input, level: level, onlyCrossAttention: configuration.levels[level].onlyCrossAttention)
        case .attention:
            return try attention(
                name, input, blockWidth: width,
                form: PictureAttention(headWidth: headWidth, groups: configuration.normGroups, epsilon: configuration.normEpsilon))
        case .simpleCrossAttention:
            return try tokenAttention(
                name, input, tokens: tokens, blockWidth: width,
                form: TokenAttention(
                    headWidth: headWidth, groups: configuration.normGroups,
                    onlyTokens: configuration.levels[level].onlyCrossAttention))
        }
    }

    private mutating func transformer(
        _ name: String, _ input: Int, level: Int, onlyCrossAttention: Bool
    ) throws(GraphError) -> Int {
        let level = configuration.levels[level]
        return try transformer(
            name, input, tokens: tokens,
            form: TransformerForm(
                blockWidth: level.width, heads: level.heads, layers: level.transformerLayers, groups: configuration.normGroups,
                hasLinearProjections: configuration.linearProjections, onlyCrossAttention: onlyCrossAttention))
    }

    private func form(_ kind: UNet2DConditionBlock) -> ResnetForm {
        let hasOwnScale = kind.resamplesByResnet
        return form(
            scale: hasOwnScale ? 1 / configuration.resnetScaleFactor : 1, skipsActivation: hasOwnScale && configuration.skipsTimeActivation)
    }

    private func form(scale: Float, skipsActivation: Bool) -> ResnetForm {
        ResnetForm(
            groups: configuration.normGroups, groupsOut: configuration.normGroups, epsilon: configuration.normEpsilon,
            activation: configuration.activation,
            time: ResnetForm.Time(
                embedding: skipsActivation ? embedding : activatedEmbedding, scalesAndShifts: configuration.scaleShift),
            scale: scale)
    }
}
