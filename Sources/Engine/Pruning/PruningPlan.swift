/// Which channels of every group stay: a cut that was decided earlier or by hand.
public struct PruningPlan: Sendable, Equatable {
    /// One group's entry.
    public struct Group: Sendable, Equatable {
        /// The group's name.
        public let name: String
        /// How many channels the group has, to recognise it by; nil is not compared.
        public let width: Int?
        /// What is cut along with the group, to recognise it by; nil is not compared.
        public let members: Set<Member>?
        /// The channels that stay, ascending.
        public let kept: [Int]

        /// An entry.
        public init(name: String, width: Int? = nil, members: Set<Member>? = nil, kept: [Int]) {
            self.name = name
            self.width = width
            self.members = members
            self.kept = kept
        }
    }

    /// One axis of a parameter that goes with a group, as metrics name it.
    public struct Member: Sendable, Hashable {
        /// The parameter's name in the checkpoint.
        public let parameter: String
        /// 0: output (rows), 1: input (columns).
        public let axis: Int
        /// The index that belongs to the group's channel 0.
        public let offset: Int

        /// An axis.
        public init(parameter: String, axis: Int, offset: Int) {
            self.parameter = parameter
            self.axis = axis
            self.offset = offset
        }
    }

    /// Which widths the result may have.
    public let widths: Widths
    /// One entry for every group, in any order.
    public let groups: [Group]

    /// A plan; ``kept(for:)`` says whether it fits a model.
    public init(widths: Widths, groups: [Group]) {
        self.widths = widths
        self.groups = groups
    }

    /// The kept channels of each of a model's groups, in the model's order: none where a layer is left out.
    ///
    /// - Throws: ``PruningPlanError`` when an entry is missing, repeated or unknown, or keeps what would not leave every norm group and
    ///   every head equally wide, or leaves out what the model cannot be without.
    public func kept(for model: any Architecture) throws(PruningPlanError) -> [[Int]] {
        let groups = model.graph.channelGroups()
        let places = Dictionary(uniqueKeysWithValues: groups.enumerated().map { ($1.name, $0) })
        var kept = [[Int]?](repeating: nil, count: groups.count)
        for (index, entry) in self.groups.enumerated() {
            guard let place = places[entry.name] else { throw .unknownGroup(index: index, name: entry.name) }
            guard kept[place] == nil else { throw .repeatedGroup(index: index, name: entry.name) }
            try check(entry, index, against: groups[place])
            kept[place] = entry.kept
        }
        if let missing = kept.firstIndex(where: { $0 == nil }) { throw .missingGroup(name: groups[missing].name) }
        let all = kept.compactMap { $0 }
        try checkHeads(groups, all)
        // Nothing may stay of a group only where all of its layer goes, and the model can be without.
        do {
            let network = try model.shallow(all)
            return network.kept(network.own(all))
        } catch DepthError.needed(let name) {
            guard let index = self.groups.firstIndex(where: { $0.name == name && $0.kept.isEmpty }) else {
                throw .depth("\(DepthError.needed(name))")
            }
            throw .kept(index: index, name: name, trouble: "must keep at least one channel")
        } catch { throw .depth("\(error)") }
    }

    private func check(_ entry: Group, _ index: Int, against group: ChannelGroup) throws(PruningPlanError) {
        if let width = entry.width, width != group.width {
            throw .width(index: index, name: group.name, expected: group.width, found: width)
        }
        let members = Set(group.members.map { Member(parameter: $0.parameter, axis: $0.axis, offset: $0.offset) })
        if let stranger = entry.members?.symmetricDifference(members).min(by: { ($0.parameter, $0.axis) < ($1.parameter, $1.axis) }) {
            throw .members(index: index, name: group.name, parameter: stranger.parameter, isMissing: members.contains(stranger))
        }
        func refuse(_ trouble: String) -> PruningPlanError { .kept(index: index, name: group.name, trouble: trouble) }
        let kept = entry.kept
        guard let first = kept.first, let last = kept.last else { return }
        guard zip(kept, kept.dropFirst()).allSatisfy({ $0 < $1 }) else { throw refuse("must ascend, each channel once") }
        guard first >= 0, last < group.width else { throw refuse("must lie between 0 and \(group.width - 1)") }

        if widths == .diffusers, case .own = group.rule, kept.count != group.width {
            throw refuse("must keep all \(group.width) channels: with diffusers widths only blocks are cut, and this is none's width")
        }
        if widths == .diffusers, case .heads(_, let headWidth) = group.rule {
            let heads = Dictionary(grouping: kept) { $0 / headWidth }
            guard heads.values.allSatisfy({ $0.count == headWidth }) else {
                throw refuse("must keep whole heads of \(headWidth) channels with diffusers widths")
            }
        } else {
            let parts = widths == .free ? leastCommonMultiple(group.normGroups, group.heads) : group.normGroups
            let size = group.width / parts
            let counts = kept.reduce(into: [Int](repeating: 0, count: parts)) { $0[$1 / size] += 1 }
            guard counts.allSatisfy({ $0 == counts[0] }) else {
                throw refuse("must keep equally many of each \(size) consecutive channels: \(parts) norm groups or heads stay equally wide")
            }
        }
    }

    /// Attention's q/k and v must keep equally many channels, as diffusers reckons the width of v's heads from k's; with diffusers widths
    /// the same heads, as head h of one meets head h of the other.
    private func checkHeads(_ groups: [ChannelGroup], _ kept: [[Int]]) throws(PruningPlanError) {
        for (index, group) in groups.enumerated() {
            guard let attention = group.attention else { continue }
            for other in groups.indices.dropFirst(index + 1) where groups[other].attention == attention {
                if kept[other].count != kept[index].count {
                    throw .attentionWidthsDiffer(name: groups[other].name, partner: group.name)
                }
                if widths == .diffusers, case .heads = group.rule, kept[other] != kept[index] {
                    throw .headsDiffer(name: groups[other].name, partner: group.name)
                }
            }
        }
    }
}
