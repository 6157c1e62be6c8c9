/// Channels that are scored and cut as one: channel j of the group is index `offset + j` of every member.
public struct ChannelGroup: Sendable, Hashable {
    /// One axis of a parameter that is cut along with the group.
    public struct Member: Sendable, Hashable {
        /// The parameter's name in the checkpoint.
        public let parameter: String
        /// 0: output (rows), 1: input (columns).
        public let axis: Int
        /// The index that belongs to the group's channel 0.
        public let offset: Int
        /// Whether its numbers count as importance: weights of convolutions and linear layers.
        public let isScored: Bool
    }

    /// The first layer in forward order that makes these channels.
    public let name: String
    /// How many channels there are.
    public let width: Int
    /// Every parameter axis that goes with them, in forward order.
    public let members: [Member]
    /// Parts of equal size into which GroupNorms divide the channels (1 if none do).
    public let normGroups: Int
    /// Attention heads into which the channels fall (1 if none).
    public let heads: Int
    /// What decides the group's width when a model has one width per block.
    package let rule: WidthRule
    /// Which attention's q/k or v channels these are, so that both lose the same heads.
    public let attention: Int?

    /// Equal parts that each lose the same number of channels, where nothing asks for whole heads.
    var parts: Int { leastCommonMultiple(normGroups, heads) }
}

extension Graph {
    /// The graph's groups in forward order, without what may not be cut: the input's, the output's and the sinusoid's channels.
    public func channelGroups() -> [ChannelGroup] { ChannelGroups(self).groups }
}
