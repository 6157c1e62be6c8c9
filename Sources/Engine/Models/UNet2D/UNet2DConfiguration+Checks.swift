import Documents

extension UNet2DConfiguration {
    // MARK: Keys

    static func blocks(
        _ key: String, _ name: (UNet2DBlock) -> String, _ fallback: [UNet2DBlock], _ reader: inout ConfigurationReader
    ) throws(ConfigurationError) -> [UNet2DBlock] {
        let names = UNet2DBlock.allCases.map(name)
        let expected = names.map { "\"\($0)\"" }.joined(separator: " or ")
        return try reader.list(key, maximumCount: ConfigurationLimits.levels, of: expected, default: fallback) { value in
            guard case .string(let found) = value else { return nil }
            // diffusers still reads the prefix its first releases wrote.
            let today = found.hasPrefix("UNetRes") ? String(found.dropFirst(7)) : found
            return UNet2DBlock.allCases.first { name($0) == today }
        }
    }

    /// `add_attention`; Python takes a list for true when there is anything in it, and published configurations have lists.
    static func addsAttention(_ reader: inout ConfigurationReader, _ warnings: inout [Warning]) throws(ConfigurationError) -> Bool {
        guard case .array(let values)? = reader.value("add_attention") else { return try reader.bool("add_attention", default: true) }
        warnings.append(
            Warning(.unusualKey, "add_attention is a list, which diffusers reads as \(!values.isEmpty): only the mid block looks at it"))
        return !values.isEmpty
    }

    static func timeEmbedding(_ reader: inout ConfigurationReader) throws(ConfigurationError) -> TimeEmbeddingKind {
        let word = try reader.word("time_embedding_type", oneOf: ["positional", "learned", "fourier"], default: "positional")
        let timesteps = try reader.integer("num_train_timesteps", in: 1...ConfigurationLimits.timesteps)
        switch word {
        case "learned":
            guard let timesteps else {
                throw .missing(key: "num_train_timesteps", expected: "a whole number, as time_embedding_type is \"learned\"")
            }
            return .learned(steps: timesteps)
        case "fourier": return .fourier
        default: return .positional
        }
    }

    static func classEmbedding(_ reader: inout ConfigurationReader) throws(ConfigurationError) -> ClassEmbeddingKind? {
        let classes = try reader.integer("num_class_embeds", in: 1...ConfigurationLimits.classes)
        switch try reader.word("class_embed_type", oneOf: ["timestep", "identity"], default: "") {
        case "timestep": return .timestep
        case "identity": return .identity
        default: return classes.map { .table(classes: $0) }
        }
    }

    /// Whether a block with attention halves or doubles by a resnet. No other block looks at the key, whatever it says.
    static func isResnet(_ key: String, read blocks: ArraySlice<UNet2DBlock>, _ reader: inout ConfigurationReader)
        throws(ConfigurationError) -> Bool
    {
        guard blocks.contains(.attention) else {
            _ = reader.value(key)
            return false
        }
        return try reader.word(key, oneOf: ["conv", "resnet"], default: "conv") == "resnet"
    }

    // MARK: What contradicts

    func checkNorms() throws(ConfigurationError) {
        let last = levels - 1
        guard let normGroups else {
            for (key, blocks) in [("down_block_types", downBlocks), ("up_block_types", upBlocks)] {
                guard let index = blocks.firstIndex(where: { !$0.isSkip }) else { continue }
                throw .invalid(
                    key: "norm_num_groups", expected: "a whole number, as \(key)[\(index)] is no skip block", found: "null")
            }
            return
        }
        for (index, width) in blockOutChannels.enumerated() where width % normGroups != 0 {
            // The last norm is as wide as the first level, the mid block as the last.
            let isRead = !downBlocks[index].isSkip || !upBlocks[last - index].isSkip || index == 0 || index == last && hasMidBlock
            guard isRead else { continue }
            throw .invalid(
                key: "block_out_channels[\(index)]", expected: "a multiple of norm_num_groups (\(normGroups))", found: "\(width)")
        }
        if let groups = attentionNormGroups, hasMidBlock, midBlockHasAttention, blockOutChannels[last] % groups != 0 {
            throw .invalid(
                key: "attn_norm_num_groups", expected: "a divisor of the last of block_out_channels", found: "\(groups)")
        }
    }

    /// The convolutions between pictures and features of skip blocks are made for three channels, whatever else the configuration says; and
    /// pictures are halved and doubled in no other blocks.
    func checkSkips() throws(ConfigurationError) {
        if let other = downBlocks.firstIndex(where: { !$0.isSkip }),
            let late = downBlocks.indices.dropLast().first(where: { $0 > other && downBlocks[$0].isSkip })
        {
            throw .invalid(
                key: "down_block_types[\(late)]",
                expected: "no skip block after another, which does not halve the picture beside the features",
                found: downBlocks[late].downName)
        }
        if let first = upBlocks.dropLast().firstIndex(where: \.isSkip),
            let other = upBlocks.indices.first(where: { $0 > first && !upBlocks[$0].isSkip })
        {
            throw .invalid(
                key: "up_block_types[\(other)]", expected: "a skip block, as the one before it draws a picture beside the features",
                found: upBlocks[other].upName)
        }
        if downBlocks.dropLast().contains(where: \.isSkip), inChannels != 3 {
            throw .invalid(key: "in_channels", expected: "3, as there are skip blocks", found: "\(inChannels)")
        }
        if upBlocks.dropLast().contains(where: \.isSkip), outChannels != 3 {
            throw .invalid(key: "out_channels", expected: "3, as there are skip blocks", found: "\(outChannels)")
        }
    }

    func checkAttention() throws(ConfigurationError) {
        for level in 0..<levels {
            let isMiddle = level == levels - 1 && hasMidBlock && midBlockHasAttention
            guard downBlocks[level].hasAttention || upBlocks[levels - 1 - level].hasAttention || isMiddle else { continue }
            if let head = attentionHeadDim, head > blockOutChannels[level] {
                throw .invalid(
                    key: "attention_head_dim", expected: "at most \(blockOutChannels[level]), the width of a block with attention",
                    found: "\(head)")
            }
            let positions = (sampleHeight >> level) * (sampleWidth >> level)
            if positions > ConfigurationLimits.attentionPositions {
                throw .invalid(
                    key: "sample_size", expected: "at most \(ConfigurationLimits.attentionPositions) positions at a level with attention",
                    found: "\(positions) positions at level \(level)")
            }
        }
    }

    func checkWork() throws(ConfigurationError) {
        let widest = max(blockOutChannels.max() ?? 1, inChannels, outChannels)
        if sampleHeight * sampleWidth > ConfigurationLimits.work / (widest * widest) {
            throw .invalid(
                key: "sample_size", expected: "a model of workable size", found: "\(sampleHeight)x\(sampleWidth) with \(widest) channels")
        }
    }
}
