import Documents

/// An autoencoder whose decoder alone is trained and cut, so that its encoder and the latents stay what they are: diffusers'
/// `AsymmetricAutoencoderKL`, whose halves have widths of their own, or an `AutoencoderKL` that becomes one when it is cut.
///
/// The class's layers for a mask (`decoder.condition_encoder`) are not passed through; where a cut makes one of an `AutoencoderKL`, or makes
/// them narrower, they are zeros.
public struct AsymmetricAutoencoderKL: AutoencoderArchitecture {
    /// diffusers' name.
    public static var className: String { "AsymmetricAutoencoderKL" }
    /// Before a cut it may be the other.
    public static var classNames: [String] { [className, AutoencoderKL.className] }
    /// What its configuration says.
    public var className: String { configuration.className }
    /// The decoder alone is.
    public static var isEncoderFixed: Bool { true }

    /// What the checkpoint's config.json says.
    public let configuration: AutoencoderConfiguration
    /// The layers of both halves.
    public let graph: Graph
    /// What each of the decoder's blocks returns.
    public let blockOutputs: [String]

    /// A network of its parts.
    public init(_ configuration: AutoencoderConfiguration, graph: Graph, blockOutputs: [String]) {
        (self.configuration, self.graph, self.blockOutputs) = (configuration, graph, blockOutputs)
    }

    /// Why the class cannot say an `AutoencoderKL`'s function with a narrower decoder: it has a layer that this one lacks, or the other way
    /// round, or scales latents otherwise.
    public static func objection(to configuration: AutoencoderConfiguration) -> ConfigurationError? {
        func differs(_ key: String, _ expected: String) -> ConfigurationError {
            .invalid(
                key: key, expected: "\(expected), as a decoder that is cut is an \(className)",
                found: configuration.value(key).map(ConfigurationReader.shown) ?? "none")
        }
        if configuration.freeWidths { return differs("pruned_widths", "none") }
        if configuration.kind != .distribution { return differs("_class_name", "AutoencoderKL") }
        if !configuration.hasQuantConvolution { return differs("use_quant_conv", "true") }
        if !configuration.hasPostQuantConvolution { return differs("use_post_quant_conv", "true") }
        if !configuration.midBlockHasAttention { return differs("mid_block_add_attention", "true") }
        return ["shift_factor", "latents_mean", "latents_std"].first { configuration.value($0) != nil }.map { differs($0, "none") }
    }

    /// With ``Widths/diffusers`` alone.
    ///
    /// - Throws: ``ConfigurationError`` for free widths, and where ``objection(to:)`` has one; ``WidthsError``; ``GraphError``.
    public func pruned(to cut: Graph, widths: Widths, steps: Int?) throws -> AsymmetricAutoencoderKL {
        guard widths == .diffusers else {
            throw ConfigurationError.invalid(
                key: "pruned_widths", expected: "none, as a decoder that is cut is an \(Self.className)", found: widths.rawValue)
        }
        if let objection = Self.objection(to: configuration) { throw objection }
        let shapes = Dictionary(uniqueKeysWithValues: cut.parameters.map { ($0.name, $0.shape) })
        let before = configuration.decoderBlockOutChannels
        let last = before.count - 1
        let blocks = before.indices.map { shapes["decoder.up_blocks.\(last - $0).resnets.0.conv1.weight"]?[0] ?? before[$0] }
        try WidthsError.checkNeighbours(before, blocks)
        let result = try Self(json: configuration.asymmetric(up: blocks), shapes: [:])
        try result.checkShapes(shapes) { !Self.isIdle($0) }
        return result
    }

    /// Whether a tensor is of the layers for a mask.
    private static func isIdle(_ name: String) -> Bool { name.hasPrefix("\(AutoencoderBuilder.maskEncoder).") }

    /// The layers for a mask, as zeros.
    public func refitted(_ weights: Weights, for pruned: AsymmetricAutoencoderKL, steps: Int?) throws -> [String: [Float]] {
        let idle = pruned.graph.parameters.filter { Self.isIdle($0.name) }
        return Dictionary(uniqueKeysWithValues: idle.map { ($0.name, [Float](repeating: 0, count: $0.count)) })
    }
}
