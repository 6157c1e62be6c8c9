/// Shares of a cut that follow what channels are worth: of all steps by which groups can become narrower, those go first that lose the
/// least importance for the multiply-accumulates that they save, until the network takes no more of them than the uniform cut of the same
/// ratio leaves. (Ranking over all layers by importance per cost: arXiv 1611.06440, section 2.2, where the cost is a regulariser.)
///
/// What a step saves is what it saves of the uncut network, so that all steps have one order. A first-order importance knows nothing of how
/// the last channels of a layer make up for each other: no group keeps less than ``smallestShare`` of what the uniform cut leaves it.
struct GlobalAllocation {
    /// On the example network 0.6 to 0.8 of the uniform cut's width leave the same loss, none of it half as much again.
    static let smallestShare = 0.7

    private let graph: Graph
    private let groups: [ChannelGroup]
    private let importance: [[Double]]
    private let selection: Selection
    private let uniform: [Int]
    private let units: [Unit]

    /// Groups that become narrower together: one, an attention's, or all of the blocks of one width.
    private struct Unit {
        let groups: [Int]
        /// Of each group after so many steps, widest first.
        let widths: [[Int]]
    }

    /// One step of a unit.
    private struct Step {
        let unit: Int
        let number: Int
        /// Importance lost over multiply-accumulates saved.
        let price: Double
    }

    /// - Parameters:
    ///   - importance: one score per channel for each group, comparable among groups.
    ///   - selection: a ratio and which widths there may be.
    /// - Throws: ``PruningError``.
    init(_ graph: Graph, _ groups: [ChannelGroup], importance: [[Double]], _ selection: Selection) throws(PruningError) {
        self.graph = graph
        self.groups = groups
        self.importance = importance
        self.selection = selection
        var uniform: [Int] = []
        for group in groups { uniform.append(try selection.width(of: group)) }
        self.uniform = uniform
        units = Self.units(groups, selection, uniform)
    }

    /// The kept channels of every group, ascending.
    ///
    /// - Throws: ``GraphError``.
    func kept() throws(GraphError) -> [[Int]] { kept(try widths()) }

    private func widths() throws(GraphError) -> [Int] {
        let steps = try steps()
        let limit = try cost(uniform)
        // The fewest steps that save enough; more of them never save less.
        var (few, enough) = (0, steps.count)
        while few < enough {
            let middle = (few + enough) / 2
            if try cost(widths(after: steps.prefix(middle))) <= limit { enough = middle } else { few = middle + 1 }
        }
        // Neighbouring blocks must not become equally wide.
        let counts = Array(enough...steps.count) + (0..<enough).reversed()
        let distinct = counts.first { keepsBlocksApart(widths(after: steps.prefix($0))) }
        return widths(after: steps.prefix(distinct ?? enough))
    }

    // MARK: Units

    private static func units(_ groups: [ChannelGroup], _ selection: Selection, _ uniform: [Int]) -> [Unit] {
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
        return members.map { members in
            let floors = members.map { (Double(uniform[$0]) * smallestShare).rounded(.up) }
            var widths = [members.map { groups[$0].width }]
            while let next = selection.narrower(members.map { groups[$0] }, by: widths.count),
                zip(next, floors).allSatisfy({ Double($0) >= $1 })
            {
                widths.append(next)
            }
            return Unit(groups: members, widths: widths)
        }
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
            case (.diffusers, .own): return nil
            }
        }
    }

    private func widths(after steps: ArraySlice<Step>) -> [Int] {
        var widths = groups.map(\.width)
        for step in steps {
            for (place, group) in units[step.unit].groups.enumerated() { widths[group] = units[step.unit].widths[step.number][place] }
        }
        return widths
    }

    private func keepsBlocksApart(_ widths: [Int]) -> Bool {
        guard selection.widths == .diffusers else { return true }
        let blocks = groups.indices.filter { groups[$0].rule == .block }
        return Set(blocks.map { groups[$0].width }).count == Set(blocks.map { widths[$0] }).count
    }

    // MARK: Steps

    /// All steps, the cheapest first, and those of a unit in their order.
    private func steps() throws(GraphError) -> [Step] {
        let whole = groups.map(\.width)
        let all = try cost(whole)
        var steps: [Step] = []
        for (index, unit) in units.enumerated() where unit.widths.count > 1 {
            var first = whole
            for (place, group) in unit.groups.enumerated() { first[group] = unit.widths[1][place] }
            let saved = Double(all - (try cost(first)))
            var (price, left) = (0.0, worth(unit, 0))
            for number in unit.widths.indices.dropFirst() {
                let next = worth(unit, number)
                // Where a step takes whole heads it may be cheaper than the one before, which it cannot do without.
                price = max(price, (left - next) / max(saved, 1))
                left = next
                steps.append(Step(unit: index, number: number, price: price))
            }
        }
        return steps.sorted { ($0.price, $0.unit, $0.number) < ($1.price, $1.unit, $1.number) }
    }

    /// The importance that a unit keeps after so many steps.
    private func worth(_ unit: Unit, _ steps: Int) -> Double {
        var sum = 0.0
        for (place, group) in unit.groups.enumerated() {
            for channel in selection.kept(group, of: groups, importance: importance, width: unit.widths[steps][place]) {
                sum += importance[group][channel]
            }
        }
        return sum
    }

    /// The multiply-accumulates of a network of such widths.
    private func cost(_ widths: [Int]) throws(GraphError) -> Int {
        try graph.cut(kept: kept(widths)).multiplyAccumulates
    }

    private func kept(_ widths: [Int]) -> [[Int]] {
        groups.indices.map { selection.kept($0, of: groups, importance: importance, width: widths[$0]) }
    }
}
