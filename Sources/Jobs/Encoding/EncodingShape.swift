import Engine

/// What a job's pictures and captions become before its network sees them, reckoned with before anything is read.
package struct EncodingShape: Sendable {
    /// What makes latents of pictures, and pictures of samples; nil where the network works on pictures as they are.
    let autoencoder: AutoencoderConfiguration?
    /// What makes tokens of captions; nil where none are encoded.
    let text: TextConditioner?
    /// A picture as it is loaded, and as samples are shown.
    let picture: Shape
    /// The network's sample.
    let sample: Shape
    /// How many tokens the network is told of each picture; nil where it is told none.
    let tokens: Int?

    /// Whether there is anything to encode.
    var isNeeded: Bool { autoencoder != nil || text != nil }

    /// Bytes of the weights of one half of the autoencoder.
    func bytes(of half: AutoencoderHalf) -> Int {
        guard let autoencoder, let model = try? AutoencoderModel(autoencoder) else { return 0 }
        return model.graph(half).parameterCount * MemoryLayout<Float>.stride
    }

    /// Bytes of the text encoder's weights.
    var bytesOfText: Int { text?.weightBytes ?? 0 }

    /// How the autoencoder goes over pictures, in so many bytes.
    ///
    /// - Throws: ``AutoencoderError`` where it cannot work on pictures of their size.
    func plan(_ half: AutoencoderHalf, samples: Int, memory: Int, parallel: Parallel) throws(AutoencoderError) -> AutoencoderPlan? {
        guard let autoencoder else { return nil }
        return try AutoencoderPlan(
            autoencoder, half, height: picture.height, width: picture.width, samples: samples, memory: memory, parallel: parallel)
    }
}

extension EncodingShape {
    /// What is encoded for a network; nil where pictures go in as they are and it is told no tokens.
    ///
    /// - Parameters:
    ///   - source: whose autoencoder and text encoder are used.
    ///   - model: its network.
    ///   - dataset: nil where the job has none: samples may still become pictures.
    /// - Throws: ``CheckpointError``, ``TextConditionerError`` of the pipeline's other parts.
    init?(_ source: StoredCheckpoint, _ model: any Architecture, _ dataset: DatasetDescriptor?) throws {
        let autoencoder = source.descriptor.isLatent ? try source.autoencoderConfiguration() : nil
        var (text, tokens): (TextConditioner?, Int?) = (nil, nil)
        if case .tokens = model.condition {
            if let embeddings = dataset?.embeddings {
                tokens = embeddings.length
            } else if dataset?.captions ?? 0 > 0, let conditioner = try source.textConditioner() {
                (text, tokens) = (conditioner, conditioner.length)
            }
        }
        guard autoencoder != nil || tokens != nil else { return nil }
        let sample = model.sampleShape
        let factor = autoencoder?.scaleFactor ?? 1
        self.init(
            autoencoder: autoencoder, text: text,
            picture: Shape(
                height: sample.height * factor, width: sample.width * factor, channels: autoencoder?.inChannels ?? sample.channels),
            sample: sample, tokens: tokens)
    }
}
