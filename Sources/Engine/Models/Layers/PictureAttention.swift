/// What tells attention blocks of pixels apart (diffusers' `Attention` with a residual connection, as U-Nets and autoencoders have it).
struct PictureAttention {
    /// Channels of one head; nil is one head as wide as the block.
    let headWidth: Int?
    /// Groups of the norm before it; nil where there is none.
    let groups: Int?
    let epsilon: Float
    /// What the sum is multiplied by.
    var scale: Float = 1
    /// The map of latents that another norm before it reads (``LayerBuilder/spatialNorm(_:_:latents:)``); nil where there is none.
    var latents: Int?
}

extension LayerBuilder {
    /// Self-attention over a map's pixels, added to it.
    ///
    /// - Parameter blockWidth: channels of the block by its configuration, which counts the heads: what was cut freely made each of them
    ///   narrower.
    mutating func attention(
        _ name: String, _ input: Int, blockWidth: Int, form: PictureAttention
    ) throws(GraphError) -> Int {
        let headWidth = form.headWidth ?? blockWidth
        let heads = blockWidth / headWidth
        let inner = heads * headWidth
        let rule: WidthRule = form.headWidth == nil ? .block : .heads(blockWidth: blockWidth, headWidth: headWidth)
        var hidden = input
        if let latents = form.latents { hidden = try spatialNorm("\(name).spatial_norm", input, latents: latents) }
        if let groups = form.groups { hidden = try norm("\(name).group_norm", hidden, groups: groups, epsilon: form.epsilon) }
        let query = try linear("\(name).to_q", hidden, out: inner, width: rule)
        let key = try linear("\(name).to_k", hidden, out: inner, width: rule)
        let value = try linear("\(name).to_v", hidden, out: inner, width: rule)
        hidden = try graph.add("\(name).heads", Attention(heads: heads), [query, key, value])
        hidden = try linear("\(name).to_out.0", hidden, out: blockWidth)
        return try graph.add(name, Add(scale: form.scale), [input, hidden])
    }
}
