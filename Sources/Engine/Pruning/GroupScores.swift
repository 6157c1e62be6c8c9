/// A group, its channels' scores and which of them stay: one entry of a job's metrics.
public struct GroupScores: Sendable {
    /// The group in the uncut model.
    public let group: ChannelGroup
    /// Importance of each channel divided by the group's mean.
    public let scores: [Double]
    /// The channels that stay, ascending.
    public let kept: [Int]
}

extension TrainedModel {
    /// Scores every group of the uncut model and chooses what stays.
    ///
    /// - Parameters:
    ///   - gradients: Σ_t dL_t/dθ, needed by the gradient methods.
    ///   - seed: of the generator that `random` draws from, group after group.
    /// - Throws: ``PruningError``.
    public func selectChannels(
        _ method: PruningMethod, gradients: Weights?, seed: Int, selection: Selection
    ) throws(PruningError) -> [GroupScores] {
        let groups = model.graph.channelGroups()
        try selection.validate(groups)
        var generator = TorchGenerator(seed: seed)
        let importance = groups.map { $0.importance(method, weights: weights, gradients: gradients, generator: &generator) }
        let kept = try selection.kept(groups, importance: importance)
        return groups.indices.map { GroupScores(group: groups[$0], scores: normalized(importance[$0]), kept: kept[$0]) }
    }
}
