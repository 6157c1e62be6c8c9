/// CLIP's text encoder (Radford et al., arXiv 2103.00020), transformers' `CLIPTextModel`: token ids in, a vector for each token out. It is run,
/// and not pruned.
public struct CLIPTextModel: Sendable {
    /// What it was built from.
    public let configuration: CLIPTextConfiguration
    /// `input_ids` (1 × tokens, one channel) to `last_hidden_state` (1 × tokens × width).
    public let graph: Graph
    /// Tokens of a text.
    public let tokens: Int

    /// The graph's name of the token ids that go in, whole numbers.
    public static let input = "input_ids"
    /// The graph's name of what comes out, the last layer's output after the final norm.
    public static let output = "last_hidden_state"

    /// Emits the graph.
    ///
    /// - Parameter tokens: of every text, at most ``CLIPTextConfiguration/positions``.
    /// - Throws: ``GraphError`` when there are more.
    public init(_ configuration: CLIPTextConfiguration, tokens: Int) throws(GraphError) {
        self.configuration = configuration
        self.tokens = tokens
        var graph = Graph()
        let ids = try graph.add(Self.input, Input(Shape(height: 1, width: tokens, channels: 1)))
        let embeddings = TokenEmbedding(
            "text_model.embeddings", rows: configuration.vocabularySize, positions: configuration.positions, channels: configuration.width)
        var hidden = try graph.add("text_model.embeddings", embeddings, [ids])
        for index in 0..<configuration.layers {
            hidden = try Self.layer("text_model.encoder.layers.\(index)", configuration, hidden, in: &graph)
        }
        hidden = try Self.norm("text_model.final_layer_norm", configuration, hidden, in: &graph)
        graph.addOutput(Self.output, hidden)
        self.graph = graph
    }

    private static func norm(
        _ name: String, _ configuration: CLIPTextConfiguration, _ input: Int, in graph: inout Graph
    ) throws(GraphError) -> Int {
        try graph.add(name, LayerNorm(name, channels: configuration.width, epsilon: configuration.epsilon), [input])
    }

    private static func linear(_ name: String, _ input: Int, from: Int, to: Int, in graph: inout Graph) throws(GraphError) -> Int {
        try graph.add(name, Linear(name, in: from, out: to, width: .own), [input])
    }

    /// x + attention(norm(x)), and of that, y, y + perceptron(norm(y)). No token sees those after it.
    private static func layer(
        _ name: String, _ configuration: CLIPTextConfiguration, _ input: Int, in graph: inout Graph
    ) throws(GraphError) -> Int {
        let (width, inner) = (configuration.width, configuration.innerWidth)
        let first = try norm("\(name).layer_norm1", configuration, input, in: &graph)
        var projected: [Int] = []
        for part in ["q_proj", "k_proj", "v_proj"] {
            projected.append(try linear("\(name).self_attn.\(part)", first, from: width, to: width, in: &graph))
        }
        let attention = try graph.add("\(name).self_attn", Attention(heads: configuration.heads, isCausal: true), projected)
        let attended = try linear("\(name).self_attn.out_proj", attention, from: width, to: width, in: &graph)
        let middle = try graph.add("\(name).attended", Add(), [input, attended])
        let second = try norm("\(name).layer_norm2", configuration, middle, in: &graph)
        let widened = try linear("\(name).mlp.fc1", second, from: width, to: inner, in: &graph)
        let activated = try graph.add("\(name).mlp.activation_fn", Activation(configuration.activation), [widened])
        let perceived = try linear("\(name).mlp.fc2", activated, from: inner, to: width, in: &graph)
        return try graph.add("\(name).perceived", Add(), [middle, perceived])
    }

    /// What the graph calls a checkpoint's tensor; nil for what CLIP has beside its text encoder, or no longer keeps. A name that is nobody's
    /// comes back as it is.
    public static func name(of tensor: String) -> String? {
        let others = ["vision_model.", "visual_projection.", "text_projection.", "logit_scale"]
        guard !others.contains(where: tensor.hasPrefix), !tensor.hasSuffix("embeddings.position_ids") else { return nil }
        // transformers 5 leaves the prefix out of what has no projection.
        let own = ["embeddings.", "encoder.", "final_layer_norm."]
        return own.contains(where: tensor.hasPrefix) ? "text_model." + tensor : tensor
    }
}
