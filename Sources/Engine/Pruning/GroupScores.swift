/// A group, its channels' scores and which of them stay: one entry of a job's metrics.
public struct GroupScores: Sendable {
    /// The group in the uncut model.
    public let group: ChannelGroup
    /// Importance of each channel divided by the group's mean.
    public let scores: [Double]
    /// The channels that stay, ascending; none where the layers that they belong to are left out.
    public let kept: [Int]
    /// The sum of the importance of all channels, and of those that do not stay; as the method has it, of all groups comparable.
    let all: Double
    /// See ``all``.
    let lost: Double
}

extension [GroupScores] {
    /// The share of all importance that goes with what does not stay; nil where there is none.
    public var importanceLost: Double? {
        let all = reduce(0) { $0 + $1.all }
        return all > 0 ? reduce(0) { $0 + $1.lost } / all : nil
    }
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
    ///   - target: the cut of a network that meets it.
    ///   - depth: whether layers may be left out, too.
    /// - Throws: what ``TargetedCut/kept(_:importance:)`` throws.
    public func selectChannels(
        _ method: PruningMethod, importance: [[Double]]?, seed: Int, allocation: Allocation, depth: Bool = false,
        meeting target: (any Architecture) throws -> TargetedCut
    ) throws -> [GroupScores] {
        try scores(method, importance, seed, model.graph.channelGroups()) { importance in
            try model.kept(allocation, importance: importance, depth: depth, meeting: target)
        }
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
        return groups.indices.map { group in
            GroupScores(
                group: groups[group], scores: normalized(importance[group]), kept: kept[group], all: importance[group].reduce(0, +),
                lost: [importance[group]].lost([kept[group]]))
        }
    }
}
