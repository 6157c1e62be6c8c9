extension UNet2DConfiguration {
    /// Groups of a norm of so many channels in a skip block, and elsewhere where `norm_num_groups` is null.
    static func skipNormGroups(_ channels: Int) -> Int { min(channels / 4, 32) }

    /// Groups of an attention's norm in a skip block.
    static let skipAttentionNormGroups = 32

    /// Groups of a norm in the mid block.
    public var midNormGroups: Int { normGroups ?? Self.skipNormGroups(blockOutChannels[levels - 1]) }

    /// Groups of the mid block attention's norm; nil when it has none, as with scale_shift unless `attn_norm_num_groups` says otherwise.
    public var midAttentionNormGroups: Int? { attentionNormGroups ?? (scaleShift ? nil : midNormGroups) }

    /// Groups of the last norm.
    public var lastNormGroups: Int { normGroups ?? Self.skipNormGroups(blockOutChannels[0]) }

    /// The divisor of every block width that the configuration alone tells; norms of skip blocks follow from the graph.
    ///
    /// A divisor of the last level's width, where the mid block has both norms: no product of it with those of skip blocks overflows.
    public var blockDivisor: Int {
        let attention = hasMidBlock && midBlockHasAttention ? attentionNormGroups : nil
        return leastCommonMultiple(normGroups ?? 1, attention ?? 1)
    }

    /// Whether any block is a skip block.
    var hasSkips: Bool { downBlocks.contains(where: \.isSkip) || upBlocks.contains(where: \.isSkip) }
}
