/// A network's channel groups as they become narrower: those that must go together, step by step, by the smallest steps that their norms, heads
/// and blocks allow. A cut is how many steps each of these units has taken.
struct CutUnits {
    /// Groups that become narrower together: one, an attention's, or all of the blocks of one width.
    struct Unit {
        let groups: [Int]
        /// How many steps it can take.
        let most: Int
    }

    let groups: [ChannelGroup]
    let units: [Unit]
    private let selection: Selection

    /// - Parameters:
    ///   - selection: which widths there may be; its ratio does not count.
    ///   - floors: what each group keeps at least.
    init(_ groups: [ChannelGroup], _ selection: Selection, floors: [Int]) {
        var members: [[Int]] = []
        var places: [Key: Int] = [:]
        for (index, group) in groups.enumerated() {
            guard let key = Key(group, index, selection.widths) else { continue }
            if let place = places[key] {
                members[place].append(index)
            } else {
                places[key] = members.count
                members.append([index])
            }
        }
        self.groups = groups
        self.selection = selection
        units = members.map { members in
            let (own, least) = (members.map { groups[$0] }, members.map { floors[$0] })
            func reaches(_ steps: Int) -> Bool { selection.narrower(own, by: steps).map { zip($0, least).allSatisfy(>=) } ?? false }
            // The most steps that it can take are in can..<cannot.
            var (can, cannot) = (0, (own.map(\.width).max() ?? 0) + 1)
            while cannot - can > 1 {
                let middle = (can + cannot) / 2
                if reaches(middle) { can = middle } else { cannot = middle }
            }
            return Unit(groups: members, most: can)
        }
    }

    /// The same down to other widths.
    func above(_ floors: [Int]) -> CutUnits { CutUnits(groups, selection, floors: floors) }

    /// No steps.
    var whole: [Int] { [Int](repeating: 0, count: units.count) }

    /// The widths of a unit's groups after so many steps.
    func widths(of unit: Int, after steps: Int) -> [Int] {
        guard let widths = selection.narrower(units[unit].groups.map { groups[$0] }, by: steps) else {
            preconditionFailure("a unit took more steps than it can")
        }
        return widths
    }

    /// The width of every group after each unit's steps.
    func widths(_ steps: [Int]) -> [Int] {
        var widths = groups.map(\.width)
        for unit in units.indices where steps[unit] > 0 {
            for (group, width) in zip(units[unit].groups, self.widths(of: unit, after: steps[unit])) { widths[group] = width }
        }
        return widths
    }

    /// The fewest steps that leave no group wider than this, or all that there are.
    func steps(downTo widths: [Int]) -> [Int] {
        units.indices.map { index in
            let unit = units[index]
            var (few, enough) = (0, unit.most)
            while few < enough {
                let middle = (few + enough) / 2
                if zip(self.widths(of: index, after: middle), unit.groups).allSatisfy({ $0 <= widths[$1] }) {
                    enough = middle
                } else {
                    few = middle + 1
                }
            }
            return enough
        }
    }

    /// The share of its channels that a unit's first group keeps.
    func share(of unit: Int, after steps: Int) -> Double {
        Double(widths(of: unit, after: steps)[0]) / Double(groups[units[unit].groups[0]].width)
    }

    /// The channels of every group that stay, ascending.
    ///
    /// - Parameter importance: one score per channel for each group.
    func kept(_ steps: [Int], importance: [[Double]]) -> [[Int]] {
        let widths = widths(steps)
        return groups.indices.map { selection.kept($0, of: groups, importance: importance, width: widths[$0]) }
    }

    /// The importance that a unit keeps after so many steps.
    func worth(of unit: Int, after steps: Int, importance: [[Double]]) -> Double {
        var sum = 0.0
        for (group, width) in zip(units[unit].groups, widths(of: unit, after: steps)) {
            for channel in selection.kept(group, of: groups, importance: importance, width: width) { sum += importance[group][channel] }
        }
        return sum
    }

    /// Whether blocks of different widths stay different, where a configuration is to tell them.
    func keepsBlocksApart(_ steps: [Int]) -> Bool {
        guard selection.widths == .diffusers else { return true }
        let widths = widths(steps)
        let blocks = groups.indices.filter { groups[$0].rule == .block }
        return Set(blocks.map { groups[$0].width }).count == Set(blocks.map { widths[$0] }).count
    }

    /// What groups of one unit have in common.
    private enum Key: Hashable {
        case group(Int), attention(Int), blocks(width: Int)

        /// Nil of what keeps its width.
        init?(_ group: ChannelGroup, _ index: Int, _ widths: Widths) {
            switch (widths, group.rule) {
            case (.free, _): self = group.attention.map(Key.attention) ?? .group(index)
            case (.diffusers, .block): self = .blocks(width: group.width)
            case (.diffusers, .heads(let blockWidth, _)), (.diffusers, .multiple(let blockWidth, _)): self = .blocks(width: blockWidth)
            case (.diffusers, .own), (.diffusers, .fixed): return nil
            }
        }
    }
}
