/// What tells diffusers' resnets apart (`ResnetBlock2D`).
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

    /// What a resnet is told of the timestep.
    struct Time {
        /// The node of the embedding, after its activation.
        let embedding: Int
        /// Whether it scales and shifts the second norm's output, rather than being added before that norm.
        let scalesAndShifts: Bool
    }

    /// Groups of the first norm.
    var groups: Int
    /// Groups of the second norm.
    var groupsOut: Int
    let epsilon: Float
    var activation = ActivationFunction.silu
    /// Nil where it is told none, as in autoencoders.
    var time: Time?
    /// What the sum is multiplied by.
    var scale: Float = 1
    var resampling: Resampling?
    /// The map of latents that its norms read (``LayerBuilder/spatialNorm(_:_:latents:)``); nil where they are plain.
    var latents: Int?
    /// Whether there is a convolution beside the sum even where widths are equal.
    var hasShortcut = false
}

extension LayerBuilder {
    mutating func resnet(_ name: String, _ input: Int, out: Int, form: ResnetForm) throws(GraphError) -> Int {
        var residual = input
        var hidden = try activatedNorm("\(name).norm1", input, groups: form.groups, form)
        if let resampling = form.resampling {
            residual = try graph.add("\(name).resampled", resampling.operation, [input])
            hidden = try graph.add("\(name).resampled_hidden", resampling.operation, [hidden])
        }
        hidden = try convolution("\(name).conv1", hidden, out: out)
        if let time = form.time, time.scalesAndShifts {
            let modulation = try linear("\(name).time_emb_proj", time.embedding, out: 2 * channels(hidden))
            hidden = try norm("\(name).norm2", hidden, groups: form.groupsOut, epsilon: form.epsilon)
            hidden = try graph.add("\(name).scale_shift", ScaleShift(), [hidden, modulation])
            hidden = try graph.add("\(name).nonlinearity2", Activation(form.activation), [hidden])
        } else {
            if let time = form.time {
                let shift = try linear("\(name).time_emb_proj", time.embedding, out: channels(hidden))
                hidden = try graph.add("\(name).time_emb", Add(), [hidden, shift])
            }
            hidden = try activatedNorm("\(name).norm2", hidden, groups: form.groupsOut, form)
        }
        hidden = try convolution("\(name).conv2", hidden, out: out)
        if needsShortcut(name, input, out, form) { residual = try pointwise("\(name).conv_shortcut", residual, out: out) }
        return try graph.add(name, Add(scale: form.scale), [residual, hidden])
    }

    private mutating func activatedNorm(_ name: String, _ input: Int, groups: Int, _ form: ResnetForm) throws(GraphError) -> Int {
        guard let latents = form.latents else {
            return try norm(name, input, groups: groups, epsilon: form.epsilon, activation: form.activation)
        }
        return try graph.add("\(name).act", Activation(form.activation), [spatialNorm(name, input, latents: latents)])
    }

    /// diffusers compares the widths of the config; a checkpoint of free widths has the shortcuts of the model it was cut from.
    private func needsShortcut(_ name: String, _ input: Int, _ out: Int, _ form: ResnetForm) -> Bool {
        shapes.isEmpty ? form.hasShortcut || channels(input) != out : shapes["\(name).conv_shortcut.weight"] != nil
    }
}
