/// A cut of a network that meets a target: it leaves no more of any resource than it may, and not much less.
///
/// The measure is the least uniform cut that meets the target, in thousandths of a ratio. As widths keep to multiples it mostly saves more than
/// is asked for. So steps are given back, as long as the target is met; or where there are few cuts, one width per block, all are looked at.
public struct TargetedCut {
    /// What of the limit that binds is to be used where all cuts are looked at.
    private static let usedShares = [Widths.free: 0.95, .diffusers: 0.88]
    /// The furthest uniform cut, in thousandths.
    private static let furthest = 950
    /// How often activation memory is reckoned while steps are given back: that takes as long as planning a pass.
    private static let mostPlans = 64
    /// How often limits are lowered by what a cut takes more than was reckoned.
    private static let mostRounds = 8
    /// A cut whose measured seconds use so much of what they may is not looked for again.
    private static let usedSeconds = 0.95

    private let limits: [CutResource: Int]
    private let widths: Widths
    private let blockRules: BlockRules
    private let meter: CutMeter

    private var units: CutUnits { meter.units }

    /// - Parameters:
    ///   - limits: the most that may be left of each resource.
    ///   - widths: which widths there may be.
    ///   - blockRules: what blocks' widths keep to.
    ///   - timesteps: of the noise schedule; nil where the network is told noise levels.
    ///   - seconds: nanoseconds of the uncut network, where its limit was made of those.
    /// - Throws: ``SafeTensorsError``, ``GraphError``.
    public init(
        _ model: any Architecture, limits: [CutResource: Int], widths: Widths, blockRules: BlockRules, timesteps: Int?, gauge: CutGauge,
        seconds: Int? = nil
    ) throws {
        (self.limits, self.widths, self.blockRules) = (limits, widths, blockRules)
        meter = try CutMeter(
            model, Array(limits.keys), known: seconds.map { [.secondsPerSample: $0] } ?? [:], widths: widths, blockRules: blockRules,
            timesteps: timesteps, gauge: gauge)
    }

    /// The channels of every group that stay, ascending; all of them where the uncut network meets the target.
    ///
    /// - Parameter importance: one score per channel for each group; how many stay depends on it with ``Allocation/global`` only.
    /// - Throws: ``CutTargetError`` where no cut meets the target; ``PruningError`` where none is to be had; what
    ///   ``Architecture/pruned(kept:widths:steps:)`` throws.
    public func kept(_ allocation: Allocation, importance: [[Double]]) throws -> [[Int]] {
        guard let seconds = limits[.secondsPerSample] else { return units.kept(try steps(allocation, importance), importance: importance) }
        return units.kept(try timed(seconds) { try steps(allocation, importance) }, importance: importance)
    }

    private func steps(_ allocation: Allocation, _ importance: [[Double]]) throws -> [Int] {
        guard try !fits(units.whole, limits) else { return units.whole }
        let uniform = try uniformSteps(limits)
        return switch allocation {
        case .uniform: try even(uniform)
        case .global: try ranked(uniform, importance)
        }
    }

    // MARK: Seconds

    /// The cut that uses the most of the seconds that it may, of some: each is foretold by the one before it, which was measured.
    private func timed(_ limit: Int, _ found: () throws -> [Int]) throws -> [Int] {
        var best: (steps: [Int], seconds: Int)?
        var tried: Set<[Int]> = []
        for _ in 0..<Self.mostRounds {
            let steps = try found()
            guard tried.insert(steps).inserted || best == nil else { break }
            let seconds = try meter.measuredSeconds(steps)
            guard seconds <= limit else { continue }
            if seconds > best?.seconds ?? 0 { best = (steps, seconds) }
            if Double(seconds) >= Self.usedSeconds * Double(limit) { break }
        }
        guard let best else { throw try miss(found()) }
        return best.steps
    }

    // MARK: Uniform

    /// The fewest steps of a uniform cut that meets the limits.
    private func uniformSteps(_ limits: [CutResource: Int]) throws -> [Int] {
        func steps(_ thousandths: Int) throws(PruningError) -> [Int] {
            let selection = Selection(ratio: Double(thousandths) / 1000, widths: widths, blockRules: blockRules)
            var widths: [Int] = []
            for group in units.groups { widths.append(try selection.width(of: group)) }
            return units.steps(downTo: widths)
        }
        // Blocks may become too narrow for a head: the furthest that do not are in can..<cannot.
        var (can, cannot) = (0, Self.furthest + 1)
        while cannot - can > 1 {
            let middle = (can + cannot) / 2
            if (try? steps(middle)) != nil { can = middle } else { cannot = middle }
        }
        let last = try steps(can)
        if widths == .diffusers, last == units.whole { throw PruningError.noBlockWidths }
        if try !fits(last, limits) {
            // A file's header is reckoned with some bytes too many.
            guard let excess = try? meter.excess(over: limits, last), excess.isEmpty else { throw try miss(last) }
            return last
        }
        var (few, enough) = (0, can)
        while few < enough {
            let middle = (few + enough) / 2
            if try fits(steps(middle), limits) { enough = middle } else { few = middle + 1 }
        }
        return try steps(enough)
    }

    /// What is told where even these steps leave too much.
    private func miss(_ last: [Int]) throws -> CutTargetError {
        let excess = (try? meter.excess(over: limits, last)) ?? [:]
        let misses = try CutResource.allCases.compactMap { resource -> CutTargetError.Miss? in
            guard let limit = limits[resource] else { return nil }
            let measured = resource.isCounted ? nil : try? meter.measuredSeconds(last)
            let nearest = try excess[resource].map { limit + $0 } ?? measured ?? meter.amount(resource, last)
            guard nearest > limit else { return nil }
            return .init(resource: resource, limit: limit, nearest: nearest, original: meter.original(resource))
        }
        return CutTargetError(misses: misses)
    }

    /// Of all cuts that use enough of the target the one whose unit with the least share keeps most; or the uniform cut, whose units with the
    /// least share get steps back first.
    private func even(_ uniform: [Int]) throws -> [Int] {
        if let search = search(),
            let best = try search.best({ steps in steps.indices.map { units.share(of: $0, after: steps[$0]) }.sorted() })
        {
            return best
        }
        return try settled { limits in
            let start = limits == self.limits ? uniform : try uniformSteps(limits)
            return try givingBack(start, within: limits) { -units.share(of: $0, after: $1) }
        }
    }

    // MARK: Global

    /// Of all cuts that use enough of the target the one that keeps the most importance, of those that keep to ``GlobalAllocation/floors(_:)``
    /// where there are any; or as ``GlobalAllocation`` orders the steps, the dearest of which are given back first.
    private func ranked(_ uniform: [Int], _ importance: [[Double]]) throws -> [Int] {
        let narrow = units.above(GlobalAllocation.floors(units.widths(uniform)))
        if let search = search() {
            let worths = units.units.indices.map { unit in
                (0...units.units[unit].most).map { units.worth(of: unit, after: $0, importance: importance) }
            }
            let best = try search.best { steps in
                let isAboveFloors = zip(steps, narrow.units).allSatisfy { $0 <= $1.most }
                return [isAboveFloors ? 1 : 0, steps.indices.reduce(0) { $0 + worths[$1][steps[$1]] }]
            }
            if let best { return best }
        }
        let allocation = GlobalAllocation(narrow, meter.counts, importance: importance)
        return try settled { limits in
            let shares = limits.reduce(into: [CutResource: Double]()) { shares, limit in
                shares[limit.key] = 1 - Double(limit.value) / Double(max(1, meter.original(limit.key)))
            }
            let cut = try allocation.steps(shares) { try meter.amount($0, $1) <= limits[$0] ?? .max }
            // Where blocks stay apart only with fewer steps than it takes, the uniform cut is what there is.
            guard try fits(cut, limits) else { return try even(uniform) }
            let savings = allocation.savings(towards: shares.filter { $0.value > 0 })
            return try givingBack(cut, within: limits) { allocation.price(of: $0, after: $1, savings: savings) }
        }
    }

    // MARK: Limits

    private func search() -> CutSearch? { CutSearch(meter, limits: limits, using: Self.usedShares[widths] ?? 1) }

    private func fits(_ steps: [Int], _ limits: [CutResource: Int]) throws -> Bool {
        // Activation memory, which takes longest, is the last.
        try CutResource.allCases.allSatisfy { resource in try limits[resource].map { try meter.amount(resource, steps) <= $0 } ?? true }
    }

    /// A cut that meets the limits to the last byte: what is found takes some bytes more of what was not counted exactly, if at all, and is
    /// looked for again with so much less.
    private func settled(_ found: ([CutResource: Int]) throws -> [Int]) throws -> [Int] {
        var lowered = limits
        for _ in 0..<Self.mostRounds {
            let steps = try found(lowered)
            let excess = try meter.excess(over: limits, steps)
            if excess.isEmpty { return steps }
            for (resource, amount) in excess { lowered[resource, default: 0] -= amount }
        }
        throw try miss(found(lowered))
    }

    /// Steps less, one after the other, as long as the limits are kept: always one of the unit that comes first, and no more of it once one is
    /// too many.
    ///
    /// - Parameter priority: of a unit after so many steps, the highest first; of equal ones the earlier unit.
    private func givingBack(_ steps: [Int], within limits: [CutResource: Int], _ priority: (Int, Int) -> Double) throws -> [Int] {
        var steps = steps
        var plans = 0
        var priorities = steps.indices.map { steps[$0] > 0 ? priority($0, steps[$0]) : nil }
        while let highest = priorities.compactMap({ $0 }).max(), let unit = priorities.firstIndex(of: highest) {
            steps[unit] -= 1
            if limits[.activationMemory] != nil, !meter.isKnown(steps) { plans += 1 }
            if plans <= Self.mostPlans, units.keepsBlocksApart(steps), try fits(steps, limits) {
                priorities[unit] = steps[unit] > 0 ? priority(unit, steps[unit]) : nil
            } else {
                steps[unit] += 1
                priorities[unit] = nil
            }
        }
        return steps
    }
}
