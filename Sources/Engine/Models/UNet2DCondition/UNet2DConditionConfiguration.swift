import Documents
import Foundation

/// The `config.json` of a diffusers `UNet2DConditionModel`, checked: whatever is stored here can be built.
///
/// Defaults are those of diffusers' constructor. Keys diffusers does not know are ignored by it and become ``warnings`` here.
public struct UNet2DConditionConfiguration: Sendable, Equatable {
    /// What one level has, from the highest resolution to the lowest.
    public struct Level: Sendable, Equatable {
        /// Channels (`block_out_channels`).
        public let width: Int
        /// Residual blocks of the down block; the up block has one more (`layers_per_block`).
        public let layers: Int
        /// `attention_head_dim`, which is the number of a transformer's heads, and the width of another attention's.
        public let heads: Int
        /// Layers of each transformer (`transformer_layers_per_block`).
        public let transformerLayers: Int
        /// Width of the tokens (`cross_attention_dim`).
        public let tokenWidth: Int
        /// Whether transformers attend to the tokens twice, and not to the pixels (`only_cross_attention`).
        public let onlyCrossAttention: Bool
    }

    /// Height of a sample, divisible by 2^(levels - 1).
    public let sampleHeight: Int
    /// Width of a sample, divisible by 2^(levels - 1).
    public let sampleWidth: Int
    /// Channels of the input.
    public let inChannels: Int
    /// Channels of the output.
    public let outChannels: Int
    /// From the highest resolution to the lowest.
    public let levels: [Level]
    /// The kind of each down block, from the highest resolution to the lowest.
    public let downBlocks: [UNet2DConditionBlock]
    /// The kind of each up block, from the lowest resolution to the highest.
    public let upBlocks: [UNet2DConditionBlock]
    /// The kind of the mid block; nil where there is none.
    public let middle: UNet2DConditionMiddle?
    /// Whether a simple mid block attends to the tokens alone (`mid_block_only_cross_attention`).
    public let middleOnlyCrossAttention: Bool
    /// What the mid block's residual sums are divided by (`mid_block_scale_factor`).
    public let midBlockScaleFactor: Float
    /// What other blocks' are that resample by resnets (`resnet_out_scale_factor`).
    public let resnetScaleFactor: Float
    /// Groups of the GroupNorms (`norm_num_groups`).
    public let normGroups: Int
    /// Epsilon of the resnets' GroupNorms (`norm_eps`).
    public let normEpsilon: Float
    /// The activation of resnets and of the time embedding that they read (`act_fn`).
    public let activation: ActivationFunction
    /// An activation of the time embedding before resnets read it (`time_embedding_act_fn`).
    public let timeActivation: ActivationFunction?
    /// Whether resnets read the time embedding without an activation (`resnet_skip_time_act`), where blocks resample by resnets.
    public let skipsTimeActivation: Bool
    /// Whether the time embedding scales and shifts the second norm's output (`resnet_time_scale_shift: "scale_shift"`).
    public let scaleShift: Bool
    /// Whether frequencies of the time embedding are stored in the checkpoint (`time_embedding_type: "fourier"`).
    public let hasStoredFrequencies: Bool
    /// Whether the time embedding's input holds cosines before sines.
    public let flipSinToCos: Bool
    /// What is subtracted from the number of frequencies in the exponent's denominator.
    public let freqShift: Float
    /// Width of the time embedding (`time_embedding_dim`).
    public let timeEmbeddingDim: Int
    /// How a class is told; nil where there is none.
    public let classes: UNet2DConditionClasses?
    /// Whether the class's embedding stands beside the time's rather than being added to it (`class_embeddings_concat`).
    public let concatenatesClasses: Bool
    /// Width of tokens that are projected to `cross_attention_dim` first (`encoder_hid_dim`); nil where they are not.
    public let projectedTokenWidth: Int?
    /// Whether transformers' projections are linear layers rather than 1×1 convolutions, which only their stored shapes tell apart.
    public let linearProjections: Bool
    /// Sides of the first and last convolutions' kernels.
    public let (inKernel, outKernel): (Int, Int)
    /// Padding of the strided convolutions: 1 is symmetric, 0 is one row and column at the far edges.
    public let downsamplePadding: Int
    /// Whether a sample x goes in as 2x - 1 (`center_input_sample`).
    public let centersSample: Bool
    /// Whether the checkpoint's tensors may be narrower than these widths (`pruned_widths: "free"`).
    public let freeWidths: Bool
    /// What was ignored.
    public let warnings: [Warning]

    private let document: JSON

    /// Channels of each level.
    public var blockOutChannels: [Int] { levels.map(\.width) }
    /// Width of the tokens that come in.
    public var tokenWidth: Int { projectedTokenWidth ?? levels[0].tokenWidth }

    /// Parses and checks a `config.json`.
    ///
    /// - Throws: ``ConfigurationError`` naming the key and its value: what is not JSON, has another type, is out of range,
    ///   contradicts another key, or asks for something that is not supported.
    public init(json: Data) throws(ConfigurationError) {
        var reader = try ConfigurationReader(json: json)
        _ = try reader.word("_class_name", oneOf: ["UNet2DConditionModel"], default: "UNet2DConditionModel")
        levels = try Self.levels(&reader)
        let count = levels.count
        downBlocks = try Self.blocks(
            "down_block_types", \.downName, [.crossAttention, .crossAttention, .crossAttention, .plain], levels: count, &reader)
        upBlocks = try Self.blocks(
            "up_block_types", \.upName, [.plain, .crossAttention, .crossAttention, .crossAttention], levels: count, &reader)
        middle = try Self.middle(&reader)
        let everywhere = if case .array? = reader.value("only_cross_attention") { false } else { levels[0].onlyCrossAttention }
        middleOnlyCrossAttention =
            reader.isNull("mid_block_only_cross_attention")
            ? everywhere : try reader.bool("mid_block_only_cross_attention", default: everywhere)
        _ = reader.value("mid_block_only_cross_attention")
        midBlockScaleFactor = Float(try reader.number("mid_block_scale_factor", in: 1e-6...1e6, default: 1))
        resnetScaleFactor = Float(try reader.number("resnet_out_scale_factor", in: 1e-6...1e6, default: 1))

        // Samples.
        (sampleHeight, sampleWidth) = try reader.sampleSize(levels: count)
        inChannels = try reader.integer("in_channels", in: 1...ConfigurationLimits.channels, default: 4)
        outChannels = try reader.integer("out_channels", in: 1...ConfigurationLimits.channels, default: 4)
        centersSample = try reader.bool("center_input_sample", default: false)
        inKernel = try Self.kernel("conv_in_kernel", &reader)
        outKernel = try Self.kernel("conv_out_kernel", &reader)

        // Norms and activations.
        normGroups = try reader.integer("norm_num_groups", in: 1...ConfigurationLimits.channels, default: 32)
        normEpsilon = Float(try reader.number("norm_eps", in: 1e-12...1, default: 1e-5))
        activation = try reader.activation("act_fn") ?? .silu
        timeActivation = try reader.activation("time_embedding_act_fn")
        skipsTimeActivation = try reader.bool("resnet_skip_time_act", default: false)
        scaleShift = try reader.word("resnet_time_scale_shift", oneOf: ["default", "scale_shift"], default: "default") == "scale_shift"

        // Timesteps.
        hasStoredFrequencies =
            try reader.word("time_embedding_type", oneOf: ["positional", "fourier"], default: "positional") == "fourier"
        let dimension = try reader.integer("time_embedding_dim", in: 0...4 * ConfigurationLimits.channels) ?? 0
        timeEmbeddingDim = dimension == 0 ? (hasStoredFrequencies ? 2 : 4) * levels[0].width : dimension
        flipSinToCos = try reader.bool("flip_sin_to_cos", default: true)
        freqShift = Float(try reader.number("freq_shift", in: -1e6...1e6, default: 0))

        // What it is told beside.
        classes = try Self.classes(&reader)
        concatenatesClasses = reader.isNull("class_embeddings_concat") ? false : try reader.bool("class_embeddings_concat", default: false)
        _ = reader.value("class_embeddings_concat")
        projectedTokenWidth = try Self.projectedTokenWidth(&reader)
        linearProjections = try reader.bool("use_linear_projection", default: false)
        downsamplePadding = try reader.integer("downsample_padding", in: 0...1, default: 1)
        try Self.refuseOthers(&reader)
        freeWidths = try reader.word("pruned_widths", oneOf: ["free"], default: "") == "free"

        document = reader.document
        warnings = reader.unknownKeyWarnings()
        try check()
    }

    /// The configuration written back with some keys changed or added, every other key untouched, and its `_class_name`.
    public func json(replacing changes: [String: JSON] = [:]) -> Data {
        var changes = changes
        changes["_class_name"] = .string("UNet2DConditionModel")
        return Data(document.replacing(changes).pretty.utf8)
    }
}
