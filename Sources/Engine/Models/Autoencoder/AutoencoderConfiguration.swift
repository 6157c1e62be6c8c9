import Documents
import Foundation

/// The `config.json` of diffusers' `AutoencoderKL`, `AsymmetricAutoencoderKL` or `VQModel`, checked: whatever is stored here can be built for
/// every size that ``check(height:width:)`` takes.
///
/// Defaults are those of diffusers' constructors. Keys that the class does not know are ignored by diffusers and become ``warnings`` here.
public struct AutoencoderConfiguration: Sendable, Equatable {
    /// What stands between encoder and decoder.
    public enum Kind: Sendable, Equatable {
        /// `AutoencoderKL` and `AsymmetricAutoencoderKL`: the encoder gives means and logarithms of variances; latents are the means.
        case distribution
        /// `VQModel`: the decoder first takes the nearest row of a table of so many.
        case codebook(rows: Int)
    }

    /// What it is.
    public let kind: Kind
    /// Whether it is an `AsymmetricAutoencoderKL`, whose halves have widths and layers of their own.
    public let isAsymmetric: Bool
    /// Channels of the pictures that go in.
    public let inChannels: Int
    /// Channels of the pictures that come out.
    public let outChannels: Int
    /// Channels of each level of the encoder, from the highest resolution to the lowest.
    public let blockOutChannels: [Int]
    /// Channels of each level of the decoder, in the same order.
    public let decoderBlockOutChannels: [Int]
    /// Residual blocks per block of the encoder.
    public let layersPerBlock: Int
    /// The decoder's number of them, of which each of its blocks has one more.
    public let decoderLayersPerBlock: Int
    /// Whether each of the encoder's blocks has attention (`AttnDownEncoderBlock2D`), from the highest resolution to the lowest.
    public let downAttention: [Bool]
    /// Whether each of the decoder's blocks has attention (`AttnUpDecoderBlock2D`), from the lowest resolution to the highest.
    public let upAttention: [Bool]
    /// Whether the mid blocks have attention (`mid_block_add_attention`).
    public let midBlockHasAttention: Bool
    /// The activation of resnets (`act_fn`).
    public let activation: ActivationFunction
    /// Groups of the GroupNorms (`norm_num_groups`).
    public let normGroups: Int
    /// Channels inside: of what the encoder's last convolution gives (twice, where ``kind`` is a distribution) and the decoder's first takes.
    public let innerChannels: Int
    /// Channels of latents.
    public let latentChannels: Int
    /// Whether a convolution of single pixels ends the encoder (`use_quant_conv`).
    public let hasQuantConvolution: Bool
    /// Whether a convolution of single pixels begins the decoder (`use_post_quant_conv`).
    public let hasPostQuantConvolution: Bool
    /// Whether the decoder's norms read the latents (`norm_type: "spatial"`).
    public let hasSpatialNorms: Bool
    /// How latents are scaled for the network that is trained on them.
    public let scaling: LatentScaling
    /// Height of the pictures that it was trained on, and is pruned for. It works on others, too.
    public let sampleHeight: Int
    /// Width of such a picture.
    public let sampleWidth: Int
    /// Whether every layer is as wide as its tensors, not as ``blockOutChannels`` says: what pruning with ``Widths/free`` leaves.
    public let freeWidths: Bool
    /// What was ignored.
    public let warnings: [Warning]

    /// The configuration as it was read.
    private let document: JSON

    /// Number of resolutions.
    public var levels: Int { blockOutChannels.count }
    /// Pixels of a picture's side for one of its latents' side: 2^(levels - 1).
    public var scaleFactor: Int { 1 << (levels - 1) }
    /// diffusers' name of the class.
    public var className: String { isAsymmetric ? "AsymmetricAutoencoderKL" : kind == .distribution ? "AutoencoderKL" : "VQModel" }
    /// Channels of what the encoder gives: means before logarithms of variances, or latents.
    public var momentChannels: Int { kind == .distribution ? 2 * latentChannels : latentChannels }

    /// Parses and checks a `config.json`.
    ///
    /// - Throws: ``ConfigurationError`` naming the key and its value: what is not JSON, has another type, is out of range,
    ///   contradicts another key, or asks for something that is not supported.
    public init(json: Data) throws(ConfigurationError) {
        var reader = try ConfigurationReader(json: json)
        let classes = ["AutoencoderKL", "AsymmetricAutoencoderKL", "VQModel"]
        let word = try reader.word("_class_name", oneOf: classes, default: "")
        guard !word.isEmpty else { throw .missing(key: "_class_name", expected: classes.map { "\"\($0)\"" }.joined(separator: " or ")) }
        let isDistribution = word != "VQModel"
        isAsymmetric = word == "AsymmetricAutoencoderKL"

        // Levels.
        (blockOutChannels, decoderBlockOutChannels) = try Self.widths(isAsymmetric: isAsymmetric, &reader)
        downAttention = try Self.attention("down_block_types", "DownEncoderBlock2D", levels: blockOutChannels.count, &reader)
        upAttention = try Self.attention("up_block_types", "UpDecoderBlock2D", levels: blockOutChannels.count, &reader)
        (layersPerBlock, decoderLayersPerBlock) = try Self.layers(isAsymmetric: isAsymmetric, &reader)
        midBlockHasAttention = isAsymmetric ? true : try reader.bool("mid_block_add_attention", default: true)
        activation = try reader.activation("act_fn") ?? .silu
        normGroups = try reader.integer("norm_num_groups", in: 1...ConfigurationLimits.channels, default: 32)

        // Pictures.
        inChannels = try reader.integer("in_channels", in: 1...ConfigurationLimits.channels, default: 3)
        outChannels = try reader.integer("out_channels", in: 1...ConfigurationLimits.channels, default: 3)
        (sampleHeight, sampleWidth) = try Self.sampleSize(&reader)

        // Latents.
        let inner = try reader.integer("latent_channels", in: 1...ConfigurationLimits.channels, default: isDistribution ? 4 : 3)
        innerChannels = inner
        let factor = try reader.number("scaling_factor", in: 1e-6...1e6, default: 0.18215)
        // Arithmetic is of float32 always.
        _ = try reader.bool("force_upcast", default: isDistribution)
        if isAsymmetric {
            kind = .distribution
            latentChannels = inner
            (hasQuantConvolution, hasPostQuantConvolution) = (true, true)
            hasSpatialNorms = false
            scaling = LatentScaling(channels: inner, factor: Float(factor))
        } else if isDistribution {
            kind = .distribution
            latentChannels = inner
            hasQuantConvolution = try reader.bool("use_quant_conv", default: true)
            hasPostQuantConvolution = try reader.bool("use_post_quant_conv", default: true)
            hasSpatialNorms = false
            scaling = try Self.scaling(factor, channels: inner, &reader)
        } else {
            kind = .codebook(rows: try reader.integer("num_vq_embeddings", in: 1...ConfigurationLimits.codebookRows, default: 256))
            latentChannels = try reader.integer("vq_embed_dim", in: 1...ConfigurationLimits.channels) ?? inner
            (hasQuantConvolution, hasPostQuantConvolution) = (true, true)
            hasSpatialNorms = try reader.word("norm_type", oneOf: ["group", "spatial"], default: "group") == "spatial"
            scaling = LatentScaling(channels: latentChannels, factor: Float(factor))
            // Of latents that come as the rows' numbers.
            _ = try reader.bool("lookup_from_codebook", default: false)
        }
        freeWidths = try reader.word("pruned_widths", oneOf: ["free"], default: "") == "free"
        document = reader.document
        warnings = reader.unknownKeyWarnings() + (isAsymmetric ? [Self.maskNote] : [])
        try checkNorms()
    }

    /// The configuration written back with some keys changed, added or left out, every other key untouched.
    public func json(replacing changes: [String: JSON] = [:], removing names: [String] = []) -> Data {
        Data(document.removing(names).replacing(changes).pretty.utf8)
    }

    /// What it says of a key; nil where that is nothing, or null.
    func value(_ key: String) -> JSON? {
        guard let value = document[key], value != .null else { return nil }
        return value
    }

    /// Parameters of both halves in the order in which diffusers' constructor draws their initial values.
    func constructionOrder(_ parameters: [Parameter]) -> [Parameter] {
        guard kind == .distribution else { return parameters }
        // There the layers between encoder and decoder come last.
        func isBetween(_ parameter: Parameter) -> Bool { parameter.name.contains("quant_conv.") }
        return parameters.filter { !isBetween($0) } + parameters.filter(isBetween)
    }
}
