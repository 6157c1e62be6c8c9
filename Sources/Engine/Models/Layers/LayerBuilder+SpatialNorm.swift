extension LayerBuilder {
    /// Groups of the norm in a ``spatialNorm(_:_:latents:)``, whatever a configuration says of others.
    static var spatialNormGroups: Int { 32 }

    /// diffusers' `SpatialNorm`: a norm whose output is scaled and shifted at every pixel by what two layers make of the latents there.
    ///
    /// - Parameter latents: a map whose sides divide the input's. The layers of single pixels run before the latents are enlarged.
    mutating func spatialNorm(_ name: String, _ input: Int, latents: Int) throws(GraphError) -> Int {
        let normed = try norm("\(name).norm_layer", input, groups: Self.spatialNormGroups, epsilon: 1e-6)
        let scale = try pointwise("\(name).conv_y", latents, out: channels(input))
        let shift = try pointwise("\(name).conv_b", latents, out: channels(input))
        return try graph.add(name, SpatialModulation(), [normed, scale, shift])
    }
}
