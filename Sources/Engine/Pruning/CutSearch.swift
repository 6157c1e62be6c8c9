/// The best of all cuts of a network that has few: with one width per block there are some dozens or thousands.
///
/// A parameter has two axes that a cut shortens, so that what is left of a resource is a sum over pairs of units: those are counted once.
struct CutSearch {
    /// More cuts than these are not gone through.
    static let mostCuts = 50_000
    /// Networks that are made to see whether they keep to the limits and can be told.
    private static let mostTries = 64

    private let meter: CutMeter
    private let limits: [CutResource: Int]
    private let share: Double

    /// - Parameters:
    ///   - limits: the most that may be left of each resource.
    ///   - share: of the limit that binds, what a cut is to use, or as much as any does.
    /// - Returns: nil where there are too many cuts.
    init?(_ meter: CutMeter, limits: [CutResource: Int], using share: Double) {
        var cuts = 1
        for unit in meter.units.units {
            cuts *= unit.most + 1
            guard cuts <= Self.mostCuts else { return nil }
        }
        (self.meter, self.limits, self.share) = (meter, limits, share)
    }

    private var units: CutUnits { meter.units }

    private struct Candidate {
        let steps: [Int]
        /// The share of the limit that binds.
        let used: Double
    }

    /// The best cut within the limits; nil where none is found.
    ///
    /// - Parameter worth: what is greater, number by number, is better.
    func best(_ worth: ([Int]) -> [Double]) throws -> [Int]? {
        let candidates = try candidates()
        let enough = min(share, candidates.map(\.used).max() ?? 0)
        let ranked = candidates.filter { $0.used >= enough }.map { (candidate: $0, worth: worth($0.steps)) }.sorted { one, other in
            if one.worth != other.worth { return other.worth.lexicographicallyPrecedes(one.worth) }
            if one.candidate.used != other.candidate.used { return one.candidate.used > other.candidate.used }
            return one.candidate.steps.lexicographicallyPrecedes(other.candidate.steps)
        }
        var tooMuch: [[Int]] = []
        var tries = 0
        for (candidate, _) in ranked {
            // What is nowhere narrower than a network that has too many numbers has too many.
            if tooMuch.contains(where: { zip(candidate.steps, $0).allSatisfy(<=) }) { continue }
            guard tries < Self.mostTries else { return nil }
            tries += 1
            // A configuration may not be able to tell these widths.
            guard let excess = try? meter.excess(over: limits, candidate.steps) else { continue }
            if excess.isEmpty { return candidate.steps }
            // Of activation memory a wider network may hold less, where its layers run another way.
            if excess.keys.contains(where: { $0 != .activationMemory }) { tooMuch.append(candidate.steps) }
        }
        return nil
    }

    /// All cuts that keep blocks apart, and to the limits of what is counted without making the network.
    private func candidates() throws -> [Candidate] {
        let counted = try CutResource.allCases.filter { $0 != .activationMemory }.compactMap { resource in
            try limits[resource].map { (limit: $0, sums: try PairSums(units) { try meter.amount(resource, $0) }) }
        }
        var candidates: [Candidate] = []
        var steps = units.whole
        while true {
            let used = counted.map { Double($0.sums.amount(steps)) / Double(max(1, $0.limit)) }.max() ?? 1
            if used <= 1, units.keepsBlocksApart(steps) { candidates.append(Candidate(steps: steps, used: used)) }
            guard let next = units.units.indices.last(where: { steps[$0] < units.units[$0].most }) else { return candidates }
            steps[next] += 1
            for unit in units.units.indices.dropFirst(next + 1) { steps[unit] = 0 }
        }
    }
}

/// What units leave of a resource, as a sum over pairs of them.
private struct PairSums {
    private let whole: Int
    /// What each unit's steps change while the others have taken none.
    private let alone: [[Int]]
    /// What two units' steps change beyond that: by the first, the second, and the steps of both.
    private let together: [(first: Int, second: Int, changes: [[Int]])]

    init(_ units: CutUnits, _ amount: ([Int]) throws -> Int) rethrows {
        let none = units.whole
        let whole = try amount(none)
        let alone = try units.units.indices.map { unit in
            try (0...units.units[unit].most).map { taken in
                var steps = none
                steps[unit] = taken
                return try amount(steps) - whole
            }
        }
        var together: [(first: Int, second: Int, changes: [[Int]])] = []
        for first in units.units.indices {
            for second in units.units.indices.dropFirst(first + 1) {
                let changes = try (0...units.units[first].most).map { one in
                    try (0...units.units[second].most).map { other in
                        var steps = none
                        (steps[first], steps[second]) = (one, other)
                        return try amount(steps) - whole - alone[first][one] - alone[second][other]
                    }
                }
                together.append((first, second, changes))
            }
        }
        (self.whole, self.alone, self.together) = (whole, alone, together)
    }

    func amount(_ steps: [Int]) -> Int {
        var amount = whole
        for (unit, taken) in steps.enumerated() { amount += alone[unit][taken] }
        for pair in together { amount += pair.changes[steps[pair.first]][steps[pair.second]] }
        return amount
    }
}
