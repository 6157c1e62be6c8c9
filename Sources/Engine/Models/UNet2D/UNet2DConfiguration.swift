import Documents
import Foundation

/// The `config.json` of a diffusers `UNet2DModel`, checked: whatever is stored here can be built.
///
/// Defaults are those of diffusers' constructor. Keys diffusers does not know are ignored by it and become ``warnings`` here.
public struct UNet2DConfiguration: Sendable, Equatable {
    /// Height of a sample in pixels, divisible by 2^(levels - 1).
    public let sampleHeight: Int
    /// Width of a sample in pixels, divisible by 2^(levels - 1).
    public let sampleWidth: Int
    /// Channels of the input.
    public let inChannels: Int
    /// Channels of the output.
    public let outChannels: Int
    /// Channels of each level, from the highest resolution to the lowest.
    public let blockOutChannels: [Int]
    /// Residual blocks per down block; an up block has one more.
    public let layersPerBlock: Int
    /// The kind of each down block, from the highest resolution to the lowest.
    public let downBlocks: [UNet2DBlock]
    /// The kind of each up block, from the lowest resolution to the highest.
    public let upBlocks: [UNet2DBlock]
    /// Whether there is a mid block (`mid_block_type`).
    public let hasMidBlock: Bool
    /// Whether the mid block has attention (`add_attention`).
    public let midBlockHasAttention: Bool
    /// What the mid block's residual sums are divided by (`mid_block_scale_factor`).
    public let midBlockScaleFactor: Float
    /// Groups of the GroupNorms (`norm_num_groups`); nil where it is null, as it may be where every block is a skip block.
    public let normGroups: Int?
    /// Epsilon of the GroupNorms (`norm_eps`).
    public let normEpsilon: Float
    /// Width of one attention head; nil is one head as wide as the block.
    public let attentionHeadDim: Int?
    /// Groups of the mid block's attention norm when given (`attn_norm_num_groups`); see ``midAttentionNormGroups``.
    public let attentionNormGroups: Int?
    /// The activation of resnets and of the time embedding that they read (`act_fn`).
    public let activation: ActivationFunction
    /// Whether the time embedding scales and shifts the second norm's output (`resnet_time_scale_shift: "scale_shift"`).
    public let scaleShift: Bool
    /// Whether the sinusoidal embedding holds cosines before sines.
    public let flipSinToCos: Bool
    /// What is subtracted from the number of frequencies in the exponent's denominator.
    public let freqShift: Float
    /// Padding of the strided convolutions: 1 is symmetric, 0 is one row and column at the far edges (diffusers pads (0, 1, 0, 1)).
    public let downsamplePadding: Int
    /// Whether blocks with attention halve by a resnet instead of a convolution (`downsample_type: "resnet"`); other blocks ignore it.
    public let downsamplesByResnet: Bool
    /// Whether blocks with attention double by a resnet instead of a convolution (`upsample_type: "resnet"`); other blocks ignore it.
    public let upsamplesByResnet: Bool
    /// Whether a sample x goes in as 2x - 1 (`center_input_sample`).
    public let centersSample: Bool
    /// How the timestep is told.
    public let timeEmbedding: TimeEmbeddingKind
    /// How the class is told; nil where there is none.
    public let classEmbedding: ClassEmbeddingKind?
    /// Width of the time embedding.
    public let timeEmbeddingDim: Int
    /// Whether the checkpoint's tensors may be narrower than these widths (`pruned_widths: "free"`).
    public let freeWidths: Bool
    /// What was ignored.
    public let warnings: [Warning]

    private let document: JSON

    /// Number of resolutions.
    public var levels: Int { blockOutChannels.count }

    /// Parses and checks a `config.json`.
    ///
    /// - Throws: ``ConfigurationError`` naming the key and its value: what is not JSON, has another type, is out of range,
    ///   contradicts another key, or asks for something that is not supported.
    public init(json: Data) throws(ConfigurationError) {
        var reader = try ConfigurationReader(json: json)
        _ = try reader.word("_class_name", oneOf: ["UNet2DModel"], default: "UNet2DModel")
        var odd: [Warning] = []

        // Levels.
        blockOutChannels = try reader.list(
            "block_out_channels", maximumCount: ConfigurationLimits.levels, of: "a whole number from 1 to \(ConfigurationLimits.channels)",
            default: [224, 448, 672, 896]
        ) { value in value.integer.flatMap { (1...ConfigurationLimits.channels).contains($0) ? $0 : nil } }
        downBlocks = try Self.blocks("down_block_types", \.downName, [.plain, .attention, .attention, .attention], &reader)
        upBlocks = try Self.blocks("up_block_types", \.upName, [.attention, .attention, .attention, .plain], &reader)
        for (key, count) in [("down_block_types", downBlocks.count), ("up_block_types", upBlocks.count)]
        where count != blockOutChannels.count {
            throw .invalid(key: key, expected: "\(blockOutChannels.count) entries, as block_out_channels has", found: "a list of \(count)")
        }
        layersPerBlock = try reader.integer("layers_per_block", in: 1...ConfigurationLimits.layers, default: 2)
        // diffusers takes any other word, too, for the one kind of mid block that there is.
        hasMidBlock = !reader.isNull("mid_block_type")
        _ = try reader.word("mid_block_type", oneOf: ["UNetMidBlock2D"], default: "UNetMidBlock2D")

        // Samples.
        (sampleHeight, sampleWidth) = try reader.sampleSize(levels: blockOutChannels.count)
        inChannels = try reader.integer("in_channels", in: 1...ConfigurationLimits.channels, default: 3)
        outChannels = try reader.integer("out_channels", in: 1...ConfigurationLimits.channels, default: 3)
        centersSample = try reader.bool("center_input_sample", default: false)

        // Norms.
        normGroups =
            reader.isNull("norm_num_groups") ? nil : try reader.integer("norm_num_groups", in: 1...ConfigurationLimits.channels) ?? 32
        _ = reader.value("norm_num_groups")
        normEpsilon = Float(try reader.number("norm_eps", in: 1e-12...1, default: 1e-5))
        attentionNormGroups = try reader.integer("attn_norm_num_groups", in: 1...ConfigurationLimits.channels)

        // Attention.
        attentionHeadDim =
            reader.isNull("attention_head_dim") ? nil : try reader.integer("attention_head_dim", in: 1...ConfigurationLimits.channels) ?? 8
        _ = reader.value("attention_head_dim")
        midBlockHasAttention = try Self.addsAttention(&reader, &odd)
        midBlockScaleFactor = Float(try reader.number("mid_block_scale_factor", in: 1e-6...1e6, default: 1))

        // Timesteps and classes.
        timeEmbedding = try Self.timeEmbedding(&reader)
        let dimension = try reader.integer("time_embedding_dim", in: 0...4 * ConfigurationLimits.channels) ?? 0
        timeEmbeddingDim = dimension == 0 ? 4 * blockOutChannels[0] : dimension
        flipSinToCos = try reader.bool("flip_sin_to_cos", default: true)
        let shift = try reader.number("freq_shift", in: -1e6...1e6, default: 0)
        freqShift = Float(shift)
        if timeEmbedding == .positional, shift >= Double(blockOutChannels[0] / 2) {
            throw .invalid(key: "freq_shift", expected: "less than half of block_out_channels[0]", found: "\(shift)")
        }
        scaleShift = try reader.word("resnet_time_scale_shift", oneOf: ["default", "scale_shift"], default: "default") == "scale_shift"
        classEmbedding = try Self.classEmbedding(&reader)

        // Resnets and what halves or doubles a map.
        activation = try reader.activation("act_fn") ?? .silu
        downsamplePadding = try reader.integer("downsample_padding", in: 0...1, default: 1)
        downsamplesByResnet = try Self.isResnet("downsample_type", read: downBlocks.dropLast(), &reader)
        upsamplesByResnet = try Self.isResnet("upsample_type", read: upBlocks.dropLast(), &reader)
        _ = try reader.number("dropout", in: 0...1, default: 0)
        freeWidths = try reader.word("pruned_widths", oneOf: ["free"], default: "") == "free"

        document = reader.document
        warnings = odd + reader.unknownKeyWarnings()
        try checkNorms()
        try checkSkips()
        try checkAttention()
        try checkWork()
    }

    /// The configuration written back with some keys changed or added, every other key untouched, and `_class_name: "UNet2DModel"`.
    public func json(replacing changes: [String: JSON] = [:]) -> Data {
        var changes = changes
        changes["_class_name"] = .string("UNet2DModel")
        return Data(document.replacing(changes).pretty.utf8)
    }
}
