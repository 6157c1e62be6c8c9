import Documents
import Foundation

/// The `config.json` of transformers' `CLIPTextModel` or `CLIPTextModelWithProjection`, or the `text_config` of a whole CLIP model's, checked:
/// whatever is stored here can be built. Defaults are those of transformers' constructor.
public struct CLIPTextConfiguration: Sendable, Equatable {
    /// Rows of the table of tokens: one more than the largest id.
    public let vocabularySize: Int
    /// Channels of each token, of the embeddings too.
    public let width: Int
    /// Channels between the two layers of a perceptron.
    public let innerWidth: Int
    /// Transformer layers. Where a pipeline reads the last but one, as Stable Diffusion 2 does, its config has one less.
    public let layers: Int
    /// Heads of each attention.
    public let heads: Int
    /// The most tokens that a text can have.
    public let positions: Int
    /// Between the two layers of a perceptron (`hidden_act`).
    public let activation: ActivationFunction
    /// What the norms add to the variance.
    public let epsilon: Float

    /// Sizes beyond every published model by an order of magnitude, and small enough that no product of them overflows.
    private enum Limits {
        static let vocabulary = 1_000_000
        static let width = 16384
        static let innerWidth = 4 * width
        static let layers = 256
        static let positions = 4096
    }

    /// Parses and checks a `config.json`.
    ///
    /// - Throws: ``ConfigurationError`` naming the key and its value: what is not JSON, has another type, is out of range, contradicts another
    ///   key, or asks for something that is not supported.
    public init(json: Data) throws(ConfigurationError) {
        var reader = try ConfigurationReader(json: json)
        let classes = ["CLIPTextModel", "CLIPTextModelWithProjection", "CLIPModel"]
        _ = try reader.list(
            "architectures", maximumCount: 8, of: classes.map { "\"\($0)\"" }.joined(separator: " or "), default: [""]
        ) { value -> String? in
            guard case .string(let name) = value, classes.contains(name) else { return nil }
            return name
        }
        _ = try reader.word("model_type", oneOf: ["clip_text_model", "clip"], default: "clip_text_model")
        if case .object? = reader.value("text_config") {
            reader = try ConfigurationReader(json: Data((reader.document["text_config"] ?? .null).compact.utf8))
            _ = try reader.word("model_type", oneOf: ["clip_text_model"], default: "clip_text_model")
        }
        vocabularySize = try reader.integer("vocab_size", in: 2...Limits.vocabulary, default: 49408)
        width = try reader.integer("hidden_size", in: 1...Limits.width, default: 512)
        innerWidth = try reader.integer("intermediate_size", in: 1...Limits.innerWidth, default: 2048)
        layers = try reader.integer("num_hidden_layers", in: 1...Limits.layers, default: 12)
        heads = try reader.integer("num_attention_heads", in: 1...width, default: 8)
        positions = try reader.integer("max_position_embeddings", in: 2...Limits.positions, default: 77)
        let activations = [ActivationFunction.quickGELU, .gelu]
        let word = try reader.word("hidden_act", oneOf: activations.map(\.rawValue), default: ActivationFunction.quickGELU.rawValue)
        activation = activations.first { $0.rawValue == word } ?? .quickGELU
        epsilon = Float(try reader.number("layer_norm_eps", in: 1e-12...1, default: 1e-5))
        guard width % heads == 0 else {
            throw .invalid(key: "num_attention_heads", expected: "a divisor of hidden_size, \(width)", found: "\(heads)")
        }
    }
}
