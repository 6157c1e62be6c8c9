/// Shares of a cut that follow what channels are worth: of all steps by which groups can become narrower, those go first that lose the
/// least importance for what they save, until the network takes no more than it may. (Ranking over all layers by importance per cost: arXiv
/// 1611.06440, section 2.2, where the cost is a regulariser.)
///
/// What a step saves is what it saves of the uncut network, so that all steps have one order. Of several resources it is the sum of the shares
/// of what is to be saved of each; one of which enough is saved counts no more. A first-order importance knows nothing of how
/// the last channels of a layer make up for each other: no group keeps less than ``smallestShare`` of what the uniform cut leaves it.
struct GlobalAllocation {
    /// On the example network 0.6 to 0.8 of the uniform cut's width leave the same loss, none of it half as much again.
    static let smallestShare = 0.7

    private let units: CutUnits
    private let counts: WidthCounts
    private let importance: [[Double]]

    /// One step of a unit.
    private struct Step {
        let unit: Int
        let number: Int
        /// Importance lost over what is saved.
        let price: Double
    }

    /// - Parameters:
    ///   - units: down to where they may go: ``floors(_:)``.
    ///   - importance: one score per channel for each group, comparable among groups.
    init(_ units: CutUnits, _ counts: WidthCounts, importance: [[Double]]) {
        (self.units, self.counts, self.importance) = (units, counts, importance)
    }

    /// The channels of every group that stay, ascending, of a network that takes no more multiply-accumulates than a uniform cut leaves.
    ///
    /// - Parameters:
    ///   - uniform: how wide that leaves each group.
    ///   - importance: one score per channel for each group, comparable among groups.
    ///   - selection: which widths there may be.
    static func kept(_ graph: Graph, as uniform: [Int], importance: [[Double]], _ selection: Selection) -> [[Int]] {
        let groups = ChannelGroups(graph)
        let units = CutUnits(groups.groups, selection, floors: floors(uniform))
        let counts = WidthCounts(graph, groups) { _ in MemoryLayout<Float>.stride }
        let (all, limit) = (counts.amount(.macs, groups.groups.map(\.width)), counts.amount(.macs, uniform))
        let allocation = GlobalAllocation(units, counts, importance: importance)
        let steps = allocation.steps([.macs: 1 - Double(limit) / Double(max(1, all))]) { counts.amount($0, units.widths($1)) <= limit }
        return units.kept(steps, importance: importance)
    }

    /// What each group keeps at least.
    ///
    /// - Parameter uniform: what the uniform cut leaves of each.
    static func floors(_ uniform: [Int]) -> [Int] { uniform.map { Int((Double($0) * smallestShare).rounded(.up)) } }

    /// The fewest steps, in their order, that save enough of every resource, and such that blocks stay apart: where more steps do not keep them
    /// apart fewer are taken.
    ///
    /// - Parameters:
    ///   - shares: of what the uncut network takes of each resource, the share that is to be saved.
    ///   - isMet: whether enough is saved of a resource after these steps of each unit; once it is, it is after more of them.
    func steps(_ shares: [CutResource: Double], isMet: (CutResource, [Int]) throws -> Bool) rethrows -> [Int] {
        var taken = units.whole
        var (order, count): ([Step], Int) = ([], 0)
        var open: [CutResource] = []
        for resource in CutResource.allCases where shares[resource] != nil {
            if try !isMet(resource, taken) { open.append(resource) }
        }
        var last = taken
        while !open.isEmpty {
            last = taken
            order = steps(after: taken, towards: shares.filter { open.contains($0.key) })
            // The fewest steps that save enough of any of them; more of them never save less.
            var (few, enough) = (0, order.count)
            while few < enough {
                let middle = (few + enough) / 2
                let there = after(order.prefix(middle), from: last)
                if try open.contains(where: { try isMet($0, there) }) { enough = middle } else { few = middle + 1 }
            }
            count = enough
            taken = after(order.prefix(count), from: last)
            let left = try open.filter { try !isMet($0, taken) }
            guard left.count < open.count else { break }
            open = left
        }
        // Neighbouring blocks must not become equally wide.
        let counts = Array(count...max(count, order.count)) + (0..<count).reversed()
        let apart = counts.lazy.map { after(order.prefix($0), from: last) }.first(where: units.keepsBlocksApart)
        return apart ?? taken
    }

    private func after(_ steps: ArraySlice<Step>, from taken: [Int]) -> [Int] {
        steps.reduce(into: taken) { $0[$1.unit] = $1.number }
    }

    /// All steps that are left, the cheapest first, and those of a unit in their order.
    private func steps(after taken: [Int], towards shares: [CutResource: Double]) -> [Step] {
        var steps: [Step] = []
        let saved = savings(towards: shares)
        for unit in units.units.indices {
            var (price, left) = (0.0, units.worth(of: unit, after: 0, importance: importance))
            for number in 1..<max(1, units.units[unit].most + 1) {
                let next = units.worth(of: unit, after: number, importance: importance)
                // Where a step takes whole heads it may be cheaper than the one before, which it cannot do without.
                price = max(price, (left - next) / saved[unit])
                left = next
                if number > taken[unit] { steps.append(Step(unit: unit, number: number, price: price)) }
            }
        }
        return steps.sorted { ($0.price, $0.unit, $0.number) < ($1.price, $1.unit, $1.number) }
    }

    /// What each unit's first step saves, in shares of what is to be saved.
    func savings(towards shares: [CutResource: Double]) -> [Double] {
        let whole = units.groups.map(\.width)
        var savings = [Double](repeating: 0, count: units.units.count)
        for resource in CutResource.allCases {
            guard let share = shares[resource] else { continue }
            let all = counts.amount(resource, whole)
            for unit in units.units.indices where units.units[unit].most > 0 {
                var first = whole
                for (group, width) in zip(units.units[unit].groups, units.widths(of: unit, after: 1)) { first[group] = width }
                savings[unit] += Double(all - counts.amount(resource, first)) / max(1, share * Double(all))
            }
        }
        return savings.map { max($0, 1e-12) }
    }

    /// What the last step of a unit is worth for what it saves: the dearest are given back first.
    func price(of unit: Int, after steps: Int, savings: [Double]) -> Double {
        let lost =
            units.worth(of: unit, after: steps - 1, importance: importance) - units.worth(of: unit, after: steps, importance: importance)
        return lost / savings[unit]
    }
}
