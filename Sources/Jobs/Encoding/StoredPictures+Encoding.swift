import Engine

extension StoredPictures {
    /// The pictures as an encoder takes them, each read when it is asked for.
    func set(of shape: Shape) -> PictureSet {
        PictureSet(count: count, shape: shape) { try self.load($0, shape) }
    }

    /// What a network is shown where pictures or captions are encoded before, or tokens are there.
    ///
    /// - Parameters:
    ///   - shape: what becomes of them.
    ///   - encoded: what has become of them; nil where nothing is encoded.
    ///   - model: the network.
    /// - Throws: ``SafeTensorsError``.
    func set(_ shape: EncodingShape, _ encoded: EncodedPictures?, for model: any Architecture) throws -> PictureSet {
        let conditions = try shape.tokens == nil ? conditions(for: model) : tokens(shape, encoded)
        guard shape.autoencoder != nil, let encoded else { return set(for: model, told: conditions) }
        return PictureSet(latentsOf: count, shape: shape.sample, conditions: conditions) { try encoded.latents($0, $1) }
    }

    private func tokens(_ shape: EncodingShape, _ encoded: EncodedPictures?) throws -> Conditions? {
        if let embeddings {
            return .tokens(embeddings.length, width: embeddings.width, pictures: count, empty: try embeddings.empty()) {
                try embeddings.of($0)
            }
        }
        if let embedder = shape.classes, let classNumbers, let classes {
            let tokens = try embedder.load()
            let empty = NetworkCondition.classNumber(known: embedder.classes).emptyClass(among: classes.count).map { tokens[$0] }
            return .tokens(1, width: embedder.width, pictures: count, empty: empty) { tokens[classNumbers[$0]] }
        }
        guard let text = shape.text, let captions, let encoded else { return nil }
        return .tokens(text.length, width: text.width, pictures: count, empty: try encoded.tokens(of: "")) {
            try encoded.tokens(of: captions[$0])
        }
    }
}
