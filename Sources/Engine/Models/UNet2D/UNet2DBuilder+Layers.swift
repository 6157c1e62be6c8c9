extension UNet2DBuilder {
    /// What tells resnets apart.
    struct ResnetForm {
        /// A map halved or doubled inside, before the first convolution.
        enum Resampling {
            case half(ResamplingFilter), double(ResamplingFilter)

            var operation: any Operator {
                switch self {
                case .half(let filter): Downsample(filter)
                case .double(let filter): Upsample(filter)
                }
            }
        }

        /// Groups of the first norm.
        var groups: Int
        /// Groups of the second norm.
        var groupsOut: Int
        /// What the sum is multiplied by.
        var scale: Float = 1
        var resampling: Resampling?
        /// Whether there is a convolution beside the sum even where widths are equal.
        var hasShortcut = false
    }

    /// A layer's output width: its tensor's where the checkpoint has free widths, else what the config says.
    private func width(_ name: String, _ configured: Int) -> Int {
        shapes["\(name).weight"]?.first ?? configured
    }

    func channels(_ node: Int) -> Int { graph.nodes[node].shape.channels }

    mutating func resnet(_ name: String, _ input: Int, out: Int, form: ResnetForm) throws(GraphError) -> Int {
        let activation = configuration.activation
        var residual = input
        var hidden = try norm("\(name).norm1", input, groups: form.groups, activation: activation)
        if let resampling = form.resampling {
            residual = try graph.add("\(name).resampled", resampling.operation, [input])
            hidden = try graph.add("\(name).resampled_hidden", resampling.operation, [hidden])
        }
        hidden = try convolution("\(name).conv1", hidden, out: out)
        if configuration.scaleShift {
            let modulation = try linear("\(name).time_emb_proj", activatedEmbedding, out: 2 * channels(hidden))
            hidden = try norm("\(name).norm2", hidden, groups: form.groupsOut)
            hidden = try graph.add("\(name).scale_shift", ScaleShift(), [hidden, modulation])
            hidden = try graph.add("\(name).nonlinearity2", Activation(activation), [hidden])
        } else {
            let shift = try linear("\(name).time_emb_proj", activatedEmbedding, out: channels(hidden))
            hidden = try graph.add("\(name).time_emb", Add(), [hidden, shift])
            hidden = try norm("\(name).norm2", hidden, groups: form.groupsOut, activation: activation)
        }
        hidden = try convolution("\(name).conv2", hidden, out: out)
        if needsShortcut(name, input, out, form) {
            residual = try convolution("\(name).conv_shortcut", residual, out: out, kernel: 1, padding: .symmetric(0))
        }
        return try graph.add(name, Add(scale: form.scale), [residual, hidden])
    }

    /// diffusers compares the widths of the config; a checkpoint of free widths has the shortcuts of the model it was cut from.
    private func needsShortcut(_ name: String, _ input: Int, _ out: Int, _ form: ResnetForm) -> Bool {
        configuration.freeWidths ? shapes["\(name).conv_shortcut.weight"] != nil : form.hasShortcut || channels(input) != out
    }

    mutating func attention(_ name: String, _ input: Int, width: Int, groups: Int?, scale: Float = 1) throws(GraphError) -> Int {
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

    /// A norm and the activation that follows it, where one does; SiLU is the norm's own.
    mutating func norm(_ name: String, _ input: Int, groups: Int, activation: ActivationFunction? = nil) throws(GraphError) -> Int {
        let normed = try graph.add(
            name,
            GroupNorm(
                name, channels: channels(input), groups: groups, epsilon: configuration.normEpsilon, isActivated: activation == .silu),
            [input])
        guard let activation, activation != .silu else { return normed }
        return try graph.add("\(name).act", Activation(activation), [normed])
    }

    mutating func convolution(
        _ name: String, _ input: Int, out: Int, kernel: Int = 3, stride: Int = 1, padding: Conv2d.Padding = .symmetric(1)
    ) throws(GraphError) -> Int {
        try graph.add(
            name,
            Conv2d(name, in: channels(input), out: width(name, out), kernel: kernel, stride: stride, padding: padding), [input])
    }

    mutating func linear(_ name: String, _ input: Int, out: Int, width rule: WidthRule = .block) throws(GraphError) -> Int {
        try graph.add(name, Linear(name, in: channels(input), out: width(name, out), width: rule), [input])
    }
}
