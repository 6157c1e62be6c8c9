/// What tells the transformers of conditional U-Nets apart (diffusers' `Transformer2DModel` over a map's pixels).
struct TransformerForm {
    /// Channels of the map by its configuration, which counts the heads: what was cut freely made each of them narrower.
    let blockWidth: Int
    let heads: Int
    /// Layers of attention and feed-forward.
    let layers: Int
    /// Groups of the norm before it.
    let groups: Int
    /// Whether the projections in and out are linear layers rather than 1×1 convolutions.
    let hasLinearProjections: Bool
    /// Whether the first attention of a layer is to the tokens too, and not to the pixels.
    let onlyCrossAttention: Bool

    var headWidth: Int { blockWidth / heads }

    /// Heads stay whole, as a configuration tells how many there are; one alone is as wide as the block.
    var rule: WidthRule { heads == 1 ? .block : .heads(blockWidth: blockWidth, headWidth: headWidth) }
}

extension LayerBuilder {
    /// A transformer over a map's pixels that looks at tokens, added to the map.
    ///
    /// - Parameter tokens: (1, tokens, width).
    mutating func transformer(
        _ name: String, _ input: Int, tokens: Int, form: TransformerForm
    ) throws(GraphError) -> Int {
        let inner = form.heads * form.headWidth
        var hidden = try norm("\(name).norm", input, groups: form.groups, epsilon: 1e-6)
        hidden = try projection("\(name).proj_in", hidden, out: inner, form)
        for layer in 0..<form.layers {
            hidden = try transformerLayer("\(name).transformer_blocks.\(layer)", hidden, tokens: tokens, form: form)
        }
        hidden = try projection("\(name).proj_out", hidden, out: form.blockWidth, form)
        return try graph.add(name, Add(), [input, hidden])
    }

    private mutating func projection(_ name: String, _ input: Int, out: Int, _ form: TransformerForm) throws(GraphError) -> Int {
        form.hasLinearProjections ? try linear(name, input, out: out) : try pointwise(name, input, out: out)
    }

    /// diffusers' `BasicTransformerBlock`: attention to pixels, attention to tokens, a feed-forward net; each of a norm, and added.
    private mutating func transformerLayer(
        _ name: String, _ input: Int, tokens: Int, form: TransformerForm
    ) throws(GraphError) -> Int {
        let inner = form.heads * form.headWidth
        var hidden = input
        let normed = try layerNorm("\(name).norm1", hidden)
        let own = try attention("\(name).attn1", normed, to: form.onlyCrossAttention ? tokens : normed, form: form)
        hidden = try graph.add("\(name).self", Add(), [hidden, own])
        let cross = try attention("\(name).attn2", try layerNorm("\(name).norm2", hidden), to: tokens, form: form)
        hidden = try graph.add("\(name).cross", Add(), [hidden, cross])
        var fed = try linear(
            "\(name).ff.net.0.proj", try layerNorm("\(name).norm3", hidden), out: 8 * inner,
            width: .multiple(blockWidth: form.blockWidth, factor: 4))
        fed = try graph.add("\(name).ff.net.0", GatedActivation(.gelu), [fed])
        fed = try linear("\(name).ff.net.2", fed, out: inner)
        return try graph.add(name, Add(), [hidden, fed])
    }

    private mutating func attention(_ name: String, _ input: Int, to keys: Int, form: TransformerForm) throws(GraphError) -> Int {
        let inner = form.heads * form.headWidth
        let query = try linear("\(name).to_q", input, out: inner, width: form.rule, hasBias: false)
        let key = try linear("\(name).to_k", keys, out: inner, width: form.rule, hasBias: false)
        let value = try linear("\(name).to_v", keys, out: inner, width: form.rule, hasBias: false)
        let heads = try graph.add("\(name).heads", Attention(heads: form.heads), [query, key, value])
        return try linear("\(name).to_out.0", heads, out: inner)
    }

    private mutating func layerNorm(_ name: String, _ input: Int) throws(GraphError) -> Int {
        try graph.add(name, LayerNorm(name, channels: channels(input)), [input])
    }
}
