import Documents

extension UNet2DConditionConfiguration {
    private typealias Limits = ConfigurationLimits

    static func levels(_ reader: inout ConfigurationReader) throws(ConfigurationError) -> [Level] {
        let widths = try reader.list(
            "block_out_channels", maximumCount: Limits.levels, of: "a whole number from 1 to \(Limits.channels)",
            default: [320, 640, 1280, 1280]
        ) { value in value.integer.flatMap { (1...Limits.channels).contains($0) ? $0 : nil } }
        let count = widths.count
        let layers = try perLevel("layers_per_block", in: 1...Limits.layers, default: 2, count, &reader)
        let heads = try perLevel("attention_head_dim", in: 1...Limits.channels, default: 8, count, &reader)
        let transformers = try perLevel("transformer_layers_per_block", in: 1...Limits.layers, default: 1, count, &reader)
        let tokens = try perLevel("cross_attention_dim", in: 1...Limits.channels, default: 1280, count, &reader)
        let only = try flags("only_cross_attention", count, &reader)
        return widths.indices.map {
            Level(
                width: widths[$0], layers: layers[$0], heads: heads[$0], transformerLayers: transformers[$0], tokenWidth: tokens[$0],
                onlyCrossAttention: only[$0])
        }
    }

    /// A number for all levels, or a list of one for each.
    private static func perLevel(
        _ key: String, in range: ClosedRange<Int>, default fallback: Int, _ count: Int, _ reader: inout ConfigurationReader
    ) throws(ConfigurationError) -> [Int] {
        guard case .array(let values)? = reader.value(key) else {
            return [Int](repeating: try reader.integer(key, in: range, default: fallback), count: count)
        }
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        try checkCount(key, values.count, count)
        return try reader.list(key, maximumCount: Limits.levels, of: expected, default: []) { value in
            value.integer.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// True or false for all levels, or a list of one for each.
    private static func flags(_ key: String, _ count: Int, _ reader: inout ConfigurationReader) throws(ConfigurationError) -> [Bool] {
        guard case .array(let values)? = reader.value(key) else {
            return [Bool](repeating: try reader.bool(key, default: false), count: count)
        }
        try checkCount(key, values.count, count)
        return try reader.list(key, maximumCount: Limits.levels, of: "true or false", default: []) { value in
            if case .bool(let flag) = value { flag } else { nil }
        }
    }

    private static func checkCount(_ key: String, _ found: Int, _ count: Int) throws(ConfigurationError) {
        guard found == count else {
            throw .invalid(key: key, expected: "\(count) entries, as block_out_channels has", found: "a list of \(found)")
        }
    }

    static func blocks(
        _ key: String, _ name: (UNet2DConditionBlock) -> String, _ fallback: [UNet2DConditionBlock], levels: Int,
        _ reader: inout ConfigurationReader
    ) throws(ConfigurationError) -> [UNet2DConditionBlock] {
        let names = UNet2DConditionBlock.allCases.map(name)
        let expected = names.map { "\"\($0)\"" }.joined(separator: " or ")
        let blocks = try reader.list(key, maximumCount: Limits.levels, of: expected, default: fallback) { value in
            guard case .string(let found) = value else { return nil }
            return UNet2DConditionBlock.allCases.first { name($0) == found }
        }
        try checkCount(key, blocks.count, levels)
        return blocks
    }

    static func middle(_ reader: inout ConfigurationReader) throws(ConfigurationError) -> UNet2DConditionMiddle? {
        let names = UNet2DConditionMiddle.allCases.map(\.rawValue)
        let isAbsent = reader.isNull("mid_block_type")
        let name = try reader.word("mid_block_type", oneOf: names, default: names[0])
        return isAbsent ? nil : UNet2DConditionMiddle(rawValue: name)
    }

    /// The side of a convolution's kernel, which leaves the map as large as it is.
    static func kernel(_ key: String, _ reader: inout ConfigurationReader) throws(ConfigurationError) -> Int {
        let side = try reader.integer(key, in: 1...9, default: 3)
        guard side % 2 == 1 else { throw .invalid(key: key, expected: "an odd number", found: "\(side)") }
        return side
    }

    static func classes(_ reader: inout ConfigurationReader) throws(ConfigurationError) -> UNet2DConditionClasses? {
        let count = try reader.integer("num_class_embeds", in: 1...Limits.classes)
        let channels = try reader.integer("projection_class_embeddings_input_dim", in: 1...4 * Limits.channels)
        let kind = try reader.word(
            "class_embed_type", oneOf: ["timestep", "identity", "projection", "simple_projection"], default: "")
        switch kind {
        case "timestep": return .timestep
        case "identity": return .identity
        case "projection", "simple_projection":
            guard let channels else {
                throw .missing(
                    key: "projection_class_embeddings_input_dim", expected: "a whole number, as class_embed_type is \"\(kind)\"")
            }
            return kind == "projection" ? .projection(channels: channels) : .simpleProjection(channels: channels)
        default: return count.map { .table(classes: $0) }
        }
    }

    static func projectedTokenWidth(_ reader: inout ConfigurationReader) throws(ConfigurationError) -> Int? {
        let width = try reader.integer("encoder_hid_dim", in: 1...Limits.channels)
        let kind = try reader.word("encoder_hid_dim_type", oneOf: ["text_proj"], default: "")
        if width == nil, kind != "" {
            throw .missing(key: "encoder_hid_dim", expected: "a whole number, as encoder_hid_dim_type is \"\(kind)\"")
        }
        return width
    }

    /// What no network of this service does: a second embedding beside the tokens, and others that nobody has published alone.
    static func refuseOthers(_ reader: inout ConfigurationReader) throws(ConfigurationError) {
        try reader.requireNull("num_attention_heads")
        try reader.requireNull("addition_embed_type")
        try reader.requireNull("reverse_transformer_layers_per_block")
        try reader.requireNull("timestep_post_act")
        try reader.requireNull("time_cond_proj_dim")
        try reader.requireNull("cross_attention_norm")
        _ = try reader.word("attention_type", oneOf: ["default"], default: "default")
        if try reader.bool("dual_cross_attention", default: false) {
            throw .invalid(key: "dual_cross_attention", expected: "false (not supported)", found: "true")
        }
        // Read by nothing here: a precision of diffusers' own, and numbers of what is null above.
        for key in ["upcast_attention", "addition_embed_type_num_heads", "addition_time_embed_dim"] { _ = reader.value(key) }
        _ = try reader.number("dropout", in: 0...1, default: 0)
    }

    // MARK: What contradicts

    func check() throws(ConfigurationError) {
        for (index, level) in levels.enumerated() {
            if level.width % normGroups != 0 {
                throw .invalid(
                    key: "block_out_channels[\(index)]", expected: "a multiple of norm_num_groups (\(normGroups))",
                    found: "\(level.width)")
            }
            guard hasAttention(index) else { continue }
            if level.heads > level.width {
                throw .invalid(
                    key: "attention_head_dim", expected: "at most \(level.width), the width of a block with attention",
                    found: "\(level.heads)")
            }
            let positions = (sampleHeight >> index) * (sampleWidth >> index)
            if positions > Limits.attentionPositions {
                throw .invalid(
                    key: "sample_size", expected: "at most \(Limits.attentionPositions) positions at a level with attention",
                    found: "\(positions) positions at level \(index)")
            }
        }
        if let other = levels.firstIndex(where: { $0.tokenWidth != levels[0].tokenWidth }) {
            throw .invalid(
                key: "cross_attention_dim[\(other)]",
                expected: "\(levels[0].tokenWidth), as of the first level: all are told the same tokens",
                found: "\(levels[other].tokenWidth)")
        }
        if !hasStoredFrequencies, Double(freqShift) >= Double(levels[0].width / 2) {
            throw .invalid(key: "freq_shift", expected: "less than half of block_out_channels[0]", found: "\(freqShift)")
        }
        if hasStoredFrequencies, timeEmbeddingDim % 2 == 1 {
            throw .invalid(key: "time_embedding_dim", expected: "an even number, as frequencies are stored", found: "\(timeEmbeddingDim)")
        }
        if concatenatesClasses, classes == nil {
            throw .missing(key: "num_class_embeds", expected: "a whole number, as class_embeddings_concat is true")
        }
        let widest = max(levels.map(\.width).max() ?? 1, inChannels, outChannels)
        if sampleHeight * sampleWidth > Limits.work / (widest * widest) {
            throw .invalid(
                key: "sample_size", expected: "a model of workable size", found: "\(sampleHeight)x\(sampleWidth) with \(widest) channels")
        }
    }

    private func hasAttention(_ level: Int) -> Bool {
        let isMiddle = level == levels.count - 1 && middle != nil && middle != .plain
        return isMiddle || [downBlocks[level], upBlocks[levels.count - 1 - level]].contains { $0 != .plain && $0 != .resnet }
    }
}
