/// What a network takes of each resource after a cut, told by how many steps each unit takes: without making the network, but for
/// ``CutResource/activationMemory``, and exactly but for some bytes of a file's header, and for seconds: those are foretold between networks that were
/// measured.
final class CutMeter {
    /// What is told without making the network.
    private static let counted = [CutResource.macs, .parameters, .size]

    let units: CutUnits
    let counts: WidthCounts
    /// What the uncut network takes of each resource that is asked for.
    private let original: [CutResource: Int]

    /// As its pipeline runs it.
    private let model: any Architecture
    private let widths: Widths
    private let timesteps: Int?
    private let gauge: CutGauge
    private let groups: ChannelGroups
    /// What comes on top of ``counts`` whatever the cut.
    private let offsets: [CutResource: Int]
    /// What a unit that is cut brings with it beside slices, such as a table in place of a sinusoid.
    private var extras: [[CutResource: Extra]] = []
    private var memory: [[Int]: Int] = [:]
    private var seconds: [[Int]: Int] = [:]
    /// Networks that were measured, from the narrowest on: nanoseconds by ``counts``, and as they were measured, none less than a narrower one's.
    private var paces: [(counted: Int, measured: Int)] = []
    /// What is foretold of seconds is so much more than is likely, as a cut that takes too long is of no use.
    private static let caution = 1.025

    /// Grows evenly with a unit's steps, from the first on.
    private struct Extra {
        let first: Int
        let perStep: Double
    }

    /// - Parameters:
    ///   - resources: those that will be asked for.
    ///   - known: what the uncut network takes of some, where it was measured before.
    ///   - timesteps: of the noise schedule; nil where the network is told noise levels.
    /// - Throws: what ``CutGauge/amount(_:of:)`` throws.
    init(
        _ model: any Architecture, _ resources: [CutResource], known: [CutResource: Int] = [:], widths: Widths, blockRules: BlockRules,
        timesteps: Int?, gauge: CutGauge
    ) throws {
        let model = gauge.described(model)
        (self.model, self.widths, self.timesteps, self.gauge) = (model, widths, timesteps, gauge)
        groups = ChannelGroups(model.graph)
        let selection = Selection(ratio: 0, widths: widths, blockRules: blockRules)
        units = CutUnits(groups.groups, selection, floors: groups.groups.map { _ in 1 })
        counts = WidthCounts(
            model.graph, groups, bytes: gauge.bytes,
            nanoseconds: resources.contains(.secondsPerSample) ? gauge.running.table(model.graph) : [:])
        let whole = groups.groups.map(\.width)
        var (original, offsets): ([CutResource: Int], [CutResource: Int]) = ([:], [:])
        for resource in Set(resources + Self.counted) {
            let amount = try known[resource] ?? gauge.amount(resource, of: model)
            original[resource] = amount
            offsets[resource] = Self.counted.contains(resource) ? amount - counts.amount(resource, whole) : 0
        }
        (self.original, self.offsets) = (original, offsets)
        if let measured = original[.secondsPerSample] { paces = [(counts.amount(.secondsPerSample, whole), measured)] }
        extras = widths == .diffusers ? units.units.indices.map(extra) : units.units.map { _ in [:] }
    }

    /// What the uncut network takes of a resource.
    func original(_ resource: CutResource) -> Int { original[resource] ?? 0 }

    /// What is left of a resource after each unit's steps.
    ///
    /// - Throws: ``GraphError``.
    func amount(_ resource: CutResource, _ steps: [Int]) throws -> Int {
        guard resource != .activationMemory else { return try memory(steps) }
        guard resource != .secondsPerSample else { return foretold(steps) }
        var amount = counts.amount(resource, units.widths(steps)) + (offsets[resource] ?? 0)
        for (taken, extra) in zip(steps, extras) where taken > 0 {
            if let extra = extra[resource] { amount += extra.first + Int((extra.perStep * Double(taken - 1)).rounded()) }
        }
        return amount
    }

    /// Whether ``activationMemory`` of these steps is known already.
    func isKnown(_ steps: [Int]) -> Bool { memory[steps] != nil }

    private func foretold(_ steps: [Int]) -> Int {
        let counted = counts.amount(.secondsPerSample, units.widths(steps))
        guard let wider = paces.firstIndex(where: { $0.counted >= counted }), paces[wider].counted > counted else {
            return paces.last { $0.counted == counted }?.measured ?? original(.secondsPerSample)
        }
        let (low, high) = (wider > 0 ? paces[wider - 1] : (0, 0), paces[wider])
        let share = Double(counted - low.0) / Double(high.counted - low.0)
        return Int((Double(low.1) + share * Double(high.measured - low.1)) * Self.caution)
    }

    /// Measures the network that these steps leave, and foretells seconds by it from here on.
    ///
    /// - Throws: what ``Architecture/pruned(to:widths:steps:)`` throws where no configuration can tell these widths.
    func measuredSeconds(_ steps: [Int]) throws -> Int {
        let measured =
            try seconds[steps] ?? gauge.nanoseconds(of: network(steps), beside: (model, original(.secondsPerSample)))
        seconds[steps] = measured
        notePace(counts.amount(.secondsPerSample, units.widths(steps)), measured)
        return measured
    }

    private func notePace(_ counted: Int, _ measured: Int) {
        paces = (paces.filter { $0.counted != counted } + [(counted, measured)]).sorted { $0.counted < $1.counted }
        // What takes less although it is wider was disturbed less.
        for place in paces.indices.dropFirst() { paces[place].measured = max(paces[place].measured, paces[place - 1].measured) }
    }

    private func memory(_ steps: [Int]) throws -> Int {
        if let known = memory[steps] { return known }
        let amount = gauge.amountOfMemory(try model.graph.cut(kept: unranked(steps), in: groups))
        memory[steps] = amount
        return amount
    }

    /// How much more than these limits the network takes that the cut makes, resource by resource; exact, and without seconds.
    ///
    /// - Throws: what ``Architecture/pruned(to:widths:steps:)`` throws where no configuration can tell these widths.
    func excess(over limits: [CutResource: Int], _ steps: [Int]) throws -> [CutResource: Int] {
        let network = try network(steps)
        return try limits.filter { $0.key.isCounted }.reduce(into: [:]) { excess, limit in
            let amount = try gauge.amount(limit.key, of: network)
            if amount > limit.value { excess[limit.key] = amount - limit.value }
        }
    }

    private func network(_ steps: [Int]) throws -> any Architecture {
        let cut = try model.graph.cut(kept: unranked(steps), in: groups)
        guard cut.parameterCount < model.graph.parameterCount else { return model }
        return try model.pruned(to: cut, widths: widths, steps: timesteps)
    }

    /// Some channels of the right number.
    private func unranked(_ steps: [Int]) -> [[Int]] {
        units.kept(steps, importance: units.groups.map { [Double](repeating: 0, count: $0.width) })
    }

    /// What one unit brings with it, found on two networks in which no other is cut.
    private func extra(_ unit: Int) -> [CutResource: Extra] {
        let most = units.units[unit].most
        func found(_ taken: Int) -> [CutResource: Int]? {
            var steps = units.whole
            steps[unit] = taken
            // Where a configuration cannot tell this width beside the others' it may tell the next.
            guard let network = try? network(steps) else { return nil }
            let widths = units.widths(steps)
            return Self.counted.reduce(into: [:]) { found, resource in
                let amount = (try? gauge.amount(resource, of: network)) ?? 0
                found[resource] = amount - counts.amount(resource, widths) - (offsets[resource] ?? 0)
            }
        }
        guard most > 0, let (near, first) = (1...most).lazy.compactMap({ taken in found(taken).map { (taken, $0) } }).first,
            first[.macs] != 0 || first[.parameters] != 0
        else { return [:] }
        let (far, last) = (near...most).reversed().lazy.compactMap { taken in found(taken).map { (taken, $0) } }.first ?? (near, first)
        return first.reduce(into: [:]) { extras, entry in
            let growth = far > near ? Double((last[entry.key] ?? entry.value) - entry.value) / Double(far - near) : 0
            extras[entry.key] = Extra(first: entry.value - Int((growth * Double(near - 1)).rounded()), perStep: growth)
        }
    }
}
