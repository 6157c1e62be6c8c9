/// What tells attention blocks apart that look at pixels and tokens together (diffusers' `AttnAddedKVProcessor`).
struct TokenAttention {
    let headWidth: Int
    let groups: Int
    /// Whether pixels look at tokens alone.
    let onlyTokens: Bool
}

extension LayerBuilder {
    /// An attention of a map's pixels to these and to tokens, added to the map.
    ///
    /// - Parameters:
    ///   - tokens: (1, tokens, width).
    ///   - blockWidth: channels of the map by its configuration.
    mutating func tokenAttention(
        _ name: String, _ input: Int, tokens: Int, blockWidth: Int, form: TokenAttention
    ) throws(GraphError) -> Int {
        let heads = blockWidth / form.headWidth
        let inner = heads * form.headWidth
        let rule = WidthRule.heads(blockWidth: blockWidth, headWidth: form.headWidth)
        let hidden = try norm("\(name).group_norm", input, groups: form.groups, epsilon: 1e-5)
        let query = try linear("\(name).to_q", hidden, out: inner, width: rule)
        var own: (keys: Int, values: Int)?
        if !form.onlyTokens {
            own = (
                try linear("\(name).to_k", hidden, out: inner, width: rule),
                try linear("\(name).to_v", hidden, out: inner, width: rule)
            )
        }
        var keys = try linear("\(name).add_k_proj", tokens, out: inner, width: rule)
        var values = try linear("\(name).add_v_proj", tokens, out: inner, width: rule)
        if let own {
            keys = try graph.add("\(name).keys", PixelConcat(), [keys, own.keys])
            values = try graph.add("\(name).values", PixelConcat(), [values, own.values])
        }
        let attended = try graph.add("\(name).heads", Attention(heads: heads), [query, keys, values])
        return try graph.add(name, Add(), [input, try linear("\(name).to_out.0", attended, out: blockWidth)])
    }
}
