import Foundation

/// A pipeline's tokenizer and text encoder: captions become what a network is told of them.
///
/// An embedding is the encoder's `last_hidden_state`, ``length`` tokens of ``width`` numbers, as diffusers' pipelines for Stable Diffusion 1 and 2
/// hand it to the U-Net (`encoder_hidden_states`). No attention mask hides the padding: neither do they. The empty caption is the empty condition.
public struct TextConditioner: Sendable {
    /// From captions to ids.
    public let tokenizer: CLIPTokenizer
    /// From ids to embeddings, its weights not read yet.
    private let checkpoint: TextEncoderCheckpoint

    /// Tokens of an embedding: 77.
    public var length: Int { tokenizer.length }
    /// Numbers of a token: the U-Net's `cross_attention_dim`.
    public var width: Int { checkpoint.model.configuration.width }
    /// Numbers of an embedding.
    public var count: Int { length * width }
    /// Bytes that the weights take while captions are embedded.
    public var weightBytes: Int { checkpoint.model.graph.parameterCount * MemoryLayout<Float>.stride }

    /// Multiply-accumulates of one caption.
    public var multiplyAccumulates: Int { checkpoint.model.graph.multiplyAccumulates }

    /// Captions that go through at once at most: more would not be faster.
    private static let largest = 16

    /// Reads all but the weights' numbers, and checks that the parts fit together.
    ///
    /// - Parameters:
    ///   - tokenizerFiles: the tokenizer's folder, by ``CLIPTokenizer/fileNames``.
    ///   - config: the text encoder's config.json.
    ///   - weights: its tensors.
    /// - Throws: ``TextConditionerError``.
    public init(tokenizerFiles: [String: Data], config: Data, weights: any TensorSource) throws(TextConditionerError) {
        let configuration: CLIPTextConfiguration
        do { configuration = try CLIPTextConfiguration(json: config) } catch {
            throw .encoder(.configuration(path: "config.json", error))
        }
        do { tokenizer = try CLIPTokenizer(files: tokenizerFiles, positions: configuration.positions) } catch { throw .tokenizer(error) }
        guard tokenizer.largestID < configuration.vocabularySize else {
            throw .vocabulary(largestID: tokenizer.largestID, rows: configuration.vocabularySize)
        }
        do { checkpoint = try TextEncoderCheckpoint(configuration, weights: weights, tokens: tokenizer.length) } catch {
            throw .encoder(error)
        }
    }

    /// How so many captions go through within a limit of memory.
    ///
    /// - Parameter memory: bytes for activations; the plan's are more where not even one caption fits.
    public func plan(captions: Int, memory: Int, parallel: Parallel) -> BatchPlan {
        BatchPlan(
            checkpoint.model.graph, samples: max(1, captions), largest: Self.largest, isTraining: false, limit: memory, parallel: parallel)
    }

    /// Embeds captions in their order, each by itself: what is beside it changes the last bits at most.
    ///
    /// - Parameters:
    ///   - first: the first caption that is asked for. Those before it that go through beside it are computed once more, so that an embedding
    ///     is the same to the last bit wherever one begins.
    ///   - memory: bytes for activations.
    ///   - take: is handed a caption's place and its embedding, (``length``, ``width``); what it throws ends the work.
    /// - Throws: ``TextConditionerError/encoder(_:)`` when the weights cannot be read; what `take` throws.
    public func embed(
        _ captions: [String], from first: Int = 0, memory: Int = .max, parallel: Parallel,
        _ take: (Int, UnsafeBufferPointer<Float>) throws -> Void
    ) throws {
        guard first < captions.count else { return }
        let weights: Weights
        do { weights = try checkpoint.load() } catch { throw TextConditionerError.encoder(error) }
        let plan = plan(captions: captions.count, memory: memory, parallel: parallel)
        let executor = Executor(
            graph: checkpoint.model.graph, weights: weights, batch: plan.batch, preparedLimit: plan.preparedLimit, parallel: parallel)
        let (ids, output) = (executor.input(CLIPTextModel.input).values, executor.output(CLIPTextModel.output).values)
        for start in stride(from: first - first % plan.batch, to: captions.count, by: plan.batch) {
            // The last part may have empty places; what is computed there is not read.
            let part = captions[start..<min(captions.count, start + plan.batch)]
            for (place, caption) in part.enumerated() {
                for (token, id) in tokenizer.ids(of: caption).enumerated() { ids[place * length + token] = Float(id) }
            }
            for token in (part.count * length)..<(plan.batch * length) { ids[token] = 0 }
            executor.forward()
            for place in part.indices where place >= first {
                try take(place, UnsafeBufferPointer(start: output + (place - start) * count, count: count))
            }
        }
    }

    /// The embeddings of captions, (captions, ``length``, ``width``).
    ///
    /// - Throws: as ``embed(_:memory:parallel:_:)``.
    public func embeddings(of captions: [String], memory: Int = .max, parallel: Parallel) throws -> [Float] {
        var all: [Float] = []
        all.reserveCapacity(captions.count * count)
        try embed(captions, memory: memory, parallel: parallel) { _, embedding in all.append(contentsOf: embedding) }
        return all
    }
}
