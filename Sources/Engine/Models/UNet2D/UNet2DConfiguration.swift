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
    /// Whether each down block has attention, from the highest resolution to the lowest.
    public let downBlockHasAttention: [Bool]
    /// Whether each up block has attention, from the lowest resolution to the highest.
    public let upBlockHasAttention: [Bool]
    /// Whether the mid block has attention (`add_attention`).
    public let midBlockHasAttention: Bool
    /// What the mid block's residual sums are divided by (`mid_block_scale_factor`).
    public let midBlockScaleFactor: Float
    /// Groups of the GroupNorms (`norm_num_groups`).
    public let normGroups: Int
    /// Epsilon of the GroupNorms (`norm_eps`).
    public let normEpsilon: Float
    /// Width of one attention head; nil is one head as wide as the block.
    public let attentionHeadDim: Int?
    /// Groups of the mid block's attention norm when given (`attn_norm_num_groups`); see ``midAttentionNormGroups``.
    public let attentionNormGroups: Int?
    /// Whether the time embedding scales and shifts the second norm's output (`resnet_time_scale_shift: "scale_shift"`).
    public let scaleShift: Bool
    /// Whether the sinusoidal embedding holds cosines before sines.
    public let flipSinToCos: Bool
    /// What is subtracted from the number of frequencies in the exponent's denominator.
    public let freqShift: Float
    /// Padding of the strided convolutions: 1 is symmetric, 0 is one row and column at the far edges (diffusers pads (0, 1, 0, 1)).
    public let downsamplePadding: Int
    /// Rows of the learned timestep table (`num_train_timesteps`); nil for sinusoids.
    public let timeEmbeddingTable: Int?
    /// Width of the time embedding.
    public let timeEmbeddingDim: Int
    /// Whether the checkpoint's tensors may be narrower than these widths (`pruned_widths: "free"`).
    public let freeWidths: Bool
    /// What was ignored, as sentences.
    public let warnings: [String]

    private let document: JSON

    /// Number of resolutions.
    public var levels: Int { blockOutChannels.count }

    /// Groups of the mid block attention's norm; nil when it has none, as with scale_shift unless `attn_norm_num_groups` says otherwise.
    public var midAttentionNormGroups: Int? { attentionNormGroups ?? (scaleShift ? nil : normGroups) }

    /// Parses and checks a `config.json`.
    ///
    /// - Throws: ``ConfigurationError`` naming the key and its value: what is not JSON, has another type, is out of range,
    ///   contradicts another key, or asks for something that is not supported.
    public init(json: Data) throws(ConfigurationError) {
        var reader = try ConfigurationReader(json: json)
        _ = try reader.word("_class_name", oneOf: ["UNet2DModel"], default: "UNet2DModel")

        // Levels.
        blockOutChannels = try reader.list(
            "block_out_channels", maximumCount: Limits.levels, of: "a whole number from 1 to \(Limits.channels)",
            default: [224, 448, 672, 896]
        ) { value in value.integer.flatMap { (1...Limits.channels).contains($0) ? $0 : nil } }
        downBlockHasAttention = try Self.blocks("down_block_types", plain: "DownBlock2D", [false, true, true, true], &reader)
        upBlockHasAttention = try Self.blocks("up_block_types", plain: "UpBlock2D", [true, true, true, false], &reader)
        for (key, count) in [("down_block_types", downBlockHasAttention.count), ("up_block_types", upBlockHasAttention.count)]
        where count != blockOutChannels.count {
            throw .invalid(key: key, expected: "\(blockOutChannels.count) entries, as block_out_channels has", found: "a list of \(count)")
        }
        layersPerBlock = try reader.integer("layers_per_block", in: 1...Limits.layers, default: 2)

        // Samples.
        (sampleHeight, sampleWidth) = try Self.sampleSize(levels: blockOutChannels.count, &reader)
        inChannels = try reader.integer("in_channels", in: 1...Limits.channels, default: 3)
        outChannels = try reader.integer("out_channels", in: 1...Limits.channels, default: 3)

        // Norms.
        normGroups = try reader.integer("norm_num_groups", in: 1...Limits.channels, default: 32)
        for (index, width) in blockOutChannels.enumerated() where width % normGroups != 0 {
            throw .invalid(
                key: "block_out_channels[\(index)]", expected: "a multiple of norm_num_groups (\(normGroups))", found: "\(width)")
        }
        normEpsilon = Float(try reader.number("norm_eps", in: 1e-12...1, default: 1e-5))
        attentionNormGroups = try reader.integer("attn_norm_num_groups", in: 1...Limits.channels)
        if let groups = attentionNormGroups, blockOutChannels[blockOutChannels.count - 1] % groups != 0 {
            throw .invalid(
                key: "attn_norm_num_groups", expected: "a divisor of the last of block_out_channels", found: "\(groups)")
        }

        // Attention.
        attentionHeadDim =
            reader.isNull("attention_head_dim") ? nil : try reader.integer("attention_head_dim", in: 1...Limits.channels) ?? 8
        _ = reader.value("attention_head_dim")
        midBlockHasAttention = try reader.bool("add_attention", default: true)
        midBlockScaleFactor = Float(try reader.number("mid_block_scale_factor", in: 1e-6...1e6, default: 1))
        if reader.isNull("mid_block_type") {
            throw .invalid(key: "mid_block_type", expected: "\"UNetMidBlock2D\"", found: "null")
        }
        _ = try reader.word("mid_block_type", oneOf: ["UNetMidBlock2D"], default: "UNetMidBlock2D")

        // Timesteps.
        let timeEmbedding = try reader.word("time_embedding_type", oneOf: ["positional", "learned"], default: "positional")
        let timesteps = try reader.integer("num_train_timesteps", in: 1...Limits.timesteps)
        if timeEmbedding == "learned", timesteps == nil {
            throw .missing(key: "num_train_timesteps", expected: "a whole number, as time_embedding_type is \"learned\"")
        }
        timeEmbeddingTable = timeEmbedding == "learned" ? timesteps : nil
        let dimension = try reader.integer("time_embedding_dim", in: 0...4 * Limits.channels) ?? 0
        timeEmbeddingDim = dimension == 0 ? 4 * blockOutChannels[0] : dimension
        flipSinToCos = try reader.bool("flip_sin_to_cos", default: true)
        let shift = try reader.number("freq_shift", in: -1e6...1e6, default: 0)
        freqShift = Float(shift)
        if timeEmbedding == "positional", shift >= Double(blockOutChannels[0] / 2) {
            throw .invalid(key: "freq_shift", expected: "less than half of block_out_channels[0]", found: "\(shift)")
        }
        scaleShift = try reader.word("resnet_time_scale_shift", oneOf: ["default", "scale_shift"], default: "default") == "scale_shift"

        // What has one supported value.
        downsamplePadding = try reader.integer("downsample_padding", in: 0...1, default: 1)
        _ = try reader.word("downsample_type", oneOf: ["conv"], default: "conv")
        _ = try reader.word("upsample_type", oneOf: ["conv"], default: "conv")
        _ = try reader.word("act_fn", oneOf: ["silu", "swish"], default: "silu")
        if try reader.bool("center_input_sample", default: false) {
            throw .invalid(key: "center_input_sample", expected: "false", found: "true")
        }
        try reader.requireNull("class_embed_type")
        try reader.requireNull("num_class_embeds")
        _ = try reader.number("dropout", in: 0...1, default: 0)
        freeWidths = try reader.word("pruned_widths", oneOf: ["free"], default: "") == "free"

        document = reader.document
        warnings = reader.unknownKeyWarnings()
        try checkAttention()
        try checkWork()
    }

    /// The configuration written back with some keys changed or added, every other key untouched, and `_class_name: "UNet2DModel"`.
    public func json(replacing changes: [String: JSON] = [:]) -> Data {
        var changes = changes
        changes["_class_name"] = .string("UNet2DModel")
        return Data(document.replacing(changes).pretty.utf8)
    }

    /// Sizes beyond every published model by an order of magnitude, and small enough that no product of them overflows.
    private enum Limits {
        static let channels = 16384
        static let levels = 10
        static let layers = 64
        static let side = 16384
        static let timesteps = 100_000
        /// Pixels × widest level²; times 18 per convolution and some hundred convolutions it stays within 64 bits.
        static let work = 1 << 46
        /// Positions that attend to each other; the attention map is this number squared.
        static let attentionPositions = 1 << 16
    }

    private static func blocks(
        _ key: String, plain: String, _ fallback: [Bool], _ reader: inout ConfigurationReader
    ) throws(ConfigurationError) -> [Bool] {
        try reader.list(key, maximumCount: Limits.levels, of: "\"\(plain)\" or \"Attn\(plain)\"", default: fallback) { value in
            guard case .string(let name) = value else { return nil }
            // diffusers still reads the prefix its first releases wrote.
            switch name.hasPrefix("UNetRes") ? String(name.dropFirst(7)) : name {
            case plain: return false
            case "Attn" + plain: return true
            default: return nil
            }
        }
    }

    private static func sampleSize(levels: Int, _ reader: inout ConfigurationReader) throws(ConfigurationError) -> (Int, Int) {
        let key = "sample_size"
        let divisor = 1 << (levels - 1)
        let expected = "a multiple of \(divisor) up to \(Limits.side), or two of them"
        guard let value = reader.value(key) else { throw .missing(key: key, expected: expected) }
        var sides = [value, value]
        if case .array(let values) = value { sides = values }
        let sizes = sides.compactMap(\.integer).filter { (1...Limits.side).contains($0) && $0 % divisor == 0 }
        guard sizes.count == 2, sides.count == 2 else { throw reader.invalid(key, expected: expected, found: value) }
        return (sizes[0], sizes[1])
    }

    private func checkAttention() throws(ConfigurationError) {
        for level in 0..<levels {
            let isDeepest = level == levels - 1
            let attends = downBlockHasAttention[level] || upBlockHasAttention[levels - 1 - level] || (isDeepest && midBlockHasAttention)
            guard attends else { continue }
            if let head = attentionHeadDim, head > blockOutChannels[level] {
                throw .invalid(
                    key: "attention_head_dim", expected: "at most \(blockOutChannels[level]), the width of a block with attention",
                    found: "\(head)")
            }
            let positions = (sampleHeight >> level) * (sampleWidth >> level)
            if positions > Limits.attentionPositions {
                throw .invalid(
                    key: "sample_size", expected: "at most \(Limits.attentionPositions) positions at a level with attention",
                    found: "\(positions) positions at level \(level)")
            }
        }
    }

    private func checkWork() throws(ConfigurationError) {
        let widest = max(blockOutChannels.max() ?? 1, inChannels, outChannels)
        if sampleHeight * sampleWidth > Limits.work / (widest * widest) {
            throw .invalid(
                key: "sample_size", expected: "a model of workable size", found: "\(sampleHeight)x\(sampleWidth) with \(widest) channels")
        }
    }
}
