/// Appends the layers that diffusers' networks share to a graph, under their checkpoint's names. A value is the index of the node that computes
/// it.
protocol LayerBuilder {
    /// What has been emitted so far.
    var graph: Graph { get set }
    /// The checkpoint's tensor shapes where it has free widths: its layers are as wide as their tensors. Empty where the config tells.
    var shapes: [String: [Int]] { get }
}

extension LayerBuilder {
    /// A layer's output width: its tensor's where the checkpoint has free widths, else what the config says.
    func width(_ name: String, _ configured: Int) -> Int {
        shapes["\(name).weight"]?.first ?? configured
    }

    func channels(_ node: Int) -> Int { graph.nodes[node].shape.channels }

    /// A norm and the activation that follows it, where one does; SiLU is the norm's own.
    mutating func norm(
        _ name: String, _ input: Int, groups: Int, epsilon: Float, activation: ActivationFunction? = nil
    ) throws(GraphError) -> Int {
        let normed = try graph.add(
            name, GroupNorm(name, channels: channels(input), groups: groups, epsilon: epsilon, isActivated: activation == .silu), [input])
        guard let activation, activation != .silu else { return normed }
        return try graph.add("\(name).act", Activation(activation), [normed])
    }

    mutating func convolution(
        _ name: String, _ input: Int, out: Int, kernel: Int = 3, stride: Int = 1, padding: Conv2d.Padding = .symmetric(1),
        width rule: WidthRule = .block
    ) throws(GraphError) -> Int {
        try graph.add(
            name,
            Conv2d(
                name, in: channels(input), out: width(name, out), kernel: kernel, stride: stride, padding: padding, width: rule), [input])
    }

    /// A convolution of single pixels.
    mutating func pointwise(_ name: String, _ input: Int, out: Int, width rule: WidthRule = .block) throws(GraphError) -> Int {
        try convolution(name, input, out: out, kernel: 1, padding: .symmetric(0), width: rule)
    }

    mutating func linear(
        _ name: String, _ input: Int, out: Int, width rule: WidthRule = .block, hasBias: Bool = true
    ) throws(GraphError) -> Int {
        try graph.add(name, Linear(name, in: channels(input), out: width(name, out), width: rule, hasBias: hasBias), [input])
    }

    /// diffusers' `TimestepEmbedding`: two linear layers.
    mutating func embed(
        _ name: String, _ projected: Int, out: Int, activation: ActivationFunction = .silu
    ) throws(GraphError) -> Int {
        var hidden = try linear("\(name).linear_1", projected, out: out, width: .own)
        hidden = try graph.add("\(name).act", Activation(activation), [hidden])
        return try linear("\(name).linear_2", hidden, out: out, width: .own)
    }
}
