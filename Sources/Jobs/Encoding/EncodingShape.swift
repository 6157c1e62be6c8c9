import Engine

/// What a job's pictures and captions become before its network sees them, reckoned with before anything is read.
package struct EncodingShape: Sendable {
    /// What makes latents of pictures, and pictures of samples; nil where the network works on pictures as they are.
    let autoencoder: AutoencoderConfiguration?
    /// What makes tokens of captions; nil where none are encoded.
    let text: TextConditioner?
    /// What makes a token of each picture's class; nil where the network is told no such token.
    let classes: ClassEmbedder?
    /// A picture as it is loaded, and as samples are shown.
    let picture: Shape
    /// The network's sample.
    let sample: Shape
    /// How many tokens the network is told of each picture; nil where it is told none.
    let tokens: Int?

    /// Bytes of the weights of each half of the autoencoder, and multiply-accumulates of a picture's way through it.
    private let halves: [AutoencoderHalf: (bytes: Int, work: Int)]

    /// Whether there is anything to encode.
    var isNeeded: Bool { autoencoder != nil || text != nil }

    /// Bytes of the weights of one half of the autoencoder.
    func bytes(of half: AutoencoderHalf) -> Int { halves[half]?.bytes ?? 0 }

    /// Multiply-accumulates of a picture's way through one half of the autoencoder, whole.
    func multiplyAccumulates(of half: AutoencoderHalf) -> Int { halves[half]?.work ?? 0 }

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
        // An autoencoder takes pictures as they are.
        guard type(of: model).hasSchedule else { return nil }
        let autoencoder = source.descriptor.isLatent ? try source.autoencoderConfiguration() : nil
        var (text, classes, tokens): (TextConditioner?, ClassEmbedder?, Int?) = (nil, nil, nil)
        if case .tokens = model.condition {
            if let embeddings = dataset?.embeddings {
                tokens = embeddings.length
            } else if let embedder = try source.classEmbedder() {
                (classes, tokens) = (embedder, 1)
            } else if dataset?.captions ?? 0 > 0, let conditioner = try source.textConditioner() {
                (text, tokens) = (conditioner, conditioner.length)
            }
        }
        guard autoencoder != nil || tokens != nil else { return nil }
        let sample = model.sampleShape
        let factor = autoencoder?.scaleFactor ?? 1
        var halves: [AutoencoderHalf: (bytes: Int, work: Int)] = [:]
        if let autoencoder,
            let coder = try? AutoencoderModel(autoencoder, height: sample.height * factor, width: sample.width * factor)
        {
            for half in AutoencoderHalf.allCases {
                let graph = coder.graph(half)
                halves[half] = (graph.parameterCount * MemoryLayout<Float>.stride, graph.multiplyAccumulates)
            }
        }
        self.init(
            autoencoder: autoencoder, text: text, classes: classes,
            picture: Shape(
                height: sample.height * factor, width: sample.width * factor, channels: autoencoder?.inChannels ?? sample.channels),
            sample: sample, tokens: tokens, halves: halves)
    }
}
