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
    /// Chooses what stays of every group of the uncut model.
    ///
    /// - Parameters:
    ///   - importance: what ``Scoring`` found, needed by the methods that go by gradients.
    ///   - seed: of the generator that `random` draws from, group after group.
    /// - Throws: ``PruningError``; ``GraphError``.
    public func selectChannels(
        _ method: PruningMethod, importance: [[Double]]?, seed: Int, selection: Selection, allocation: Allocation = .uniform
    ) throws -> [GroupScores] {
        let groups = model.graph.channelGroups()
        try selection.validate(groups)
        return try scores(method, importance, seed, groups) { importance in
            let uniform = try selection.kept(groups, importance: importance)
            guard allocation == .global else { return uniform }
            return GlobalAllocation.kept(model.graph, as: uniform.map(\.count), importance: importance, selection)
        }
    }

    /// Chooses what stays of every group of the uncut model so that a target is met.
    ///
    /// - Parameters:
    ///   - importance: what ``Scoring`` found, needed by the methods that go by gradients.
    ///   - seed: of the generator that `random` draws from, group after group.
    /// - Throws: what ``TargetedCut/kept(_:importance:)`` throws.
    public func selectChannels(
        _ method: PruningMethod, importance: [[Double]]?, seed: Int, meeting target: TargetedCut, allocation: Allocation
    ) throws -> [GroupScores] {
        try scores(method, importance, seed, model.graph.channelGroups()) { try target.kept(allocation, importance: $0) }
    }

    private func scores(
        _ method: PruningMethod, _ importance: [[Double]]?, _ seed: Int, _ groups: [ChannelGroup], _ kept: ([[Double]]) throws -> [[Int]]
    ) throws -> [GroupScores] {
        var generator = TorchGenerator(seed: seed)
        let importance =
            importance
            ?? groups.map { group in
                method == .random ? generator.rand(group.width).map(Double.init) : group.importance(method, weights: weights)
            }
        let kept = try kept(importance)
        return groups.indices.map { GroupScores(group: groups[$0], scores: normalized(importance[$0]), kept: kept[$0]) }
    }
}
