import Engine

extension Twin {
    /// The sum of two `nn.Embedding`s: of each token's id, and of its place.
    static let tokenEmbedding = Twin { inputs, parameters in
        let (ids, tokens, positions) = (inputs[0], parameters[0], parameters[1])
        let channels = tokens.shape[1]
        var y = Samples(batch: ids.batch, shape: ids.shape.with(channels: channels), values: [])
        for (pixel, id) in ids.values.enumerated() {
            let place = pixel % ids.shape.pixels
            for channel in 0..<channels {
                y.values.append(tokens.values[Int(id) * channels + channel] + positions.values[place * channels + channel])
            }
        }
        return y
    }
}
