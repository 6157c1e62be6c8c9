import Engine

/// What transformers are made of.
extension OperatorCases {
    static let tokens: [OperatorCase] = attentions + layerNorms + gates + linearsWithoutBias

    private static func attention(
        _ query: Shape, keys: Shape? = nil, value: Int, heads: Int, batch: Int, isCausal: Bool = false, range: Float = 1,
        tolerance: Double = 2e-5
    ) -> OperatorCase {
        let key = keys?.with(channels: query.channels) ?? query
        let v = key.with(channels: value)
        let taller = map(key.height + 1, key.width, value)
        return OperatorCase(
            name: "Attention of \(heads)\(isCausal ? ", causal" : "")", operation: Attention(heads: heads, isCausal: isCausal),
            inputs: [query, key, v], batch: batch, twin: .attention(heads: heads, isCausal: isCausal),
            wrongInputs: [
                [query, key], [query, key.with(channels: query.channels + heads), v], [query, key, taller],
                isCausal ? [query, taller.with(channels: query.channels), taller] : [],
                heads > 1 ? [query, key, v.with(channels: value + 1)] : [],
                heads > 1 ? [query.with(channels: query.channels + 1), key.with(channels: query.channels + 1), v] : [],
            ],
            cutsLikeZeros: false, range: range, tolerance: tolerance)
    }

    private static let attentions: [OperatorCase] = [
        attention(map(3, 3, 6), value: 6, heads: 1, batch: 1), attention(map(4, 3, 6), value: 10, heads: 2, batch: 3),
        attention(map(3, 5, 9), value: 6, heads: 3, batch: 1), attention(map(1, 1, 5), value: 3, heads: 1, batch: 3),
        // Scores of up to ±100 and more, where all but one probability vanish: rounded at 2⁻²⁴ of their size before the exponential.
        attention(map(3, 4, 4), value: 5, heads: 1, batch: 3, range: 10, tolerance: 2e-4),
        // More pixels than one block of queries, and more keys and channels than one panel.
        attention(map(17, 17, 6), value: 4, heads: 2, batch: 1), attention(map(17, 17, 6), value: 4, heads: 1, batch: 1),
        attention(map(5, 7, 76), value: 70, heads: 2, batch: 1),
        // Tokens of a text beside a map; fewer and more of them than pixels, and one.
        attention(map(4, 5, 12), keys: map(1, 7, 0), value: 8, heads: 2, batch: 3),
        attention(map(2, 2, 10), keys: map(1, 37, 0), value: 15, heads: 5, batch: 1),
        attention(map(14, 15, 8), keys: map(1, 1, 0), value: 8, heads: 2, batch: 1),
        attention(map(1, 9, 8), value: 6, heads: 2, batch: 2, isCausal: true),
        attention(map(1, 205, 4), value: 4, heads: 1, batch: 1, isCausal: true),
    ]

    private static func layerNorm(_ input: Shape, batch: Int, epsilon: Float = 1e-5, centre: Float = 0) -> OperatorCase {
        OperatorCase(
            name: "LayerNorm", operation: LayerNorm("norm", channels: input.channels, epsilon: epsilon), inputs: [input], batch: batch,
            twin: .layerNorm(epsilon: Double(epsilon)),
            wrongInputs: [[input.with(channels: input.channels + 1)], [input, input], []],
            cutsLikeZeros: false, centre: centre, tolerance: 2e-5 + Double(abs(centre)) * 4e-7)
    }

    private static let layerNorms: [OperatorCase] = [
        layerNorm(map(5, 3, 8), batch: 3), layerNorm(map(3, 4, 13), batch: 1), layerNorm(map(1, 1, 15), batch: 3, epsilon: 1e-2),
        layerNorm(map(13, 13, 18), batch: 1), layerNorm(map(5, 5, 9), batch: 2, centre: 50),
    ]

    private static func gate(_ function: ActivationFunction, _ input: Shape, batch: Int, range: Float) -> OperatorCase {
        OperatorCase(
            name: "Gated \(function) of ±\(range)", operation: GatedActivation(function), inputs: [input], batch: batch,
            twin: .gated(function), wrongInputs: [[input.with(channels: input.channels + 1)], [input, input], []],
            range: range, tolerance: 1e-6)
    }

    private static let gates: [OperatorCase] = ActivationFunction.allCases.flatMap { function in
        [
            gate(function, map(5, 3, 14), batch: 3, range: 1), gate(function, map(1, 1, 2), batch: 1, range: 3),
            gate(function, map(13, 13, 38), batch: 1, range: 10),
        ]
    }

    private static func linear(_ input: Shape, out: Int, batch: Int) -> OperatorCase {
        OperatorCase(
            name: "Linear without bias → \(out)",
            operation: Linear("linear", in: input.channels, out: out, width: .block, hasBias: false),
            inputs: [input], batch: batch, twin: .linear,
            wrongInputs: [[input.with(channels: input.channels + 1)], [input, input], []],
            multiplyAccumulates: input.height * input.width * input.channels * out)
    }

    private static let linearsWithoutBias: [OperatorCase] = [
        linear(.vector(7), out: 13, batch: 3), linear(map(1, 77, 20), out: 33, batch: 1), linear(map(3, 3, 5), out: 9, batch: 2),
    ]
}
