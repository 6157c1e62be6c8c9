/// Looks for layers that a network is better without than with fewer channels: a layer more is left out as long as the cut that meets the target
/// then loses less importance in all.
///
/// What a layer is worth is the importance of its own channels, and of those that its shortcut takes over from the layer before, whose outputs are
/// others then. Of layers that may go at a place that goes first which is worth least.
struct DepthSearch {
    private let whole: any Architecture
    private let groups: [ChannelGroup]
    private let importance: [[Double]]
    private let optional: [OptionalLayers]

    /// A cut and what it loses.
    struct Found {
        /// For each of the whole network's groups.
        let kept: [[Int]]
        let lost: Double
    }

    /// - Parameter importance: one score per channel for each of the network's groups, comparable among groups.
    init(_ whole: any Architecture, _ groups: [ChannelGroup], importance: [[Double]]) {
        (self.whole, self.groups, self.importance) = (whole, groups, importance)
        optional = whole.optionalLayers
    }

    /// The best cut that is found.
    ///
    /// - Parameter cut: the channels that stay of a network's groups, told their importance.
    /// - Throws: what `cut` throws for the network with all of its layers, where it does for all others.
    func best(_ cut: (any Architecture, [[Double]]) throws -> [[Int]]) throws -> [[Int]] {
        var counts = optional.map { _ in 0 }
        var (best, refusal): (Found?, (any Error)?) = (nil, nil)
        do { best = try found(counts, cut) } catch let error as CutTargetError { refusal = error } catch PruningError.noBlockWidths {
            refusal = PruningError.noBlockWidths
        }
        // Nothing is better than to lose nothing.
        while best?.lost != 0 {
            var next: (counts: [Int], found: Found)?
            for place in optional.indices where counts[place] < optional[place].most {
                var more = counts
                more[place] += 1
                guard let found = try? found(more, cut), found.lost < next?.found.lost ?? best?.lost ?? .infinity else { continue }
                next = (more, found)
            }
            guard let next else { break }
            (counts, best) = (next.counts, next.found)
        }
        // What no layer alone helps to meet, all that may go together might.
        if let best = best ?? (try? found(optional.map(\.most), cut)) { return best.kept }
        throw refusal ?? PruningError.noBlockWidths
    }

    private func found(_ counts: [Int], _ cut: (any Architecture, [[Double]]) throws -> [[Int]]) throws -> Found {
        let network = try ShallowNetwork(whole, without: modules(counts), groups)
        let kept = network.kept(try cut(network.model, network.own(importance)))
        return Found(kept: kept, lost: importance.lost(kept))
    }

    /// Those that go where so many go of each kind.
    private func modules(_ counts: [Int]) -> Set<String> {
        zip(optional, counts).reduce(into: []) { modules, entry in
            for place in entry.0.places {
                let ranked = place.enumerated().map { (worth: worth($0.element), place: $0.offset, modules: $0.element) }
                    .sorted { ($0.worth, $0.place) < ($1.worth, $1.place) }
                for alternative in ranked.prefix(entry.1) { modules.formUnion(alternative.modules) }
            }
        }
    }

    private func worth(_ modules: Set<String>) -> Double {
        groups.indices.reduce(0) { sum, group in
            modules.contains(where: groups[group].isWithin) ? sum + importance[group].reduce(0, +) : sum
        }
    }
}

extension Architecture {
    /// The channels of every group that stay so that a target is met; none of those of layers that are left out.
    ///
    /// - Parameters:
    ///   - importance: one score per channel for each group.
    ///   - depth: whether layers may be left out, too.
    ///   - target: the cut of a network that meets it.
    /// - Throws: what ``TargetedCut/kept(_:importance:)`` throws.
    public func kept(
        _ allocation: Allocation, importance: [[Double]], depth: Bool, meeting target: (any Architecture) throws -> TargetedCut
    ) throws -> [[Int]] {
        guard depth else { return try target(self).kept(allocation, importance: importance) }
        return try DepthSearch(self, graph.channelGroups(), importance: importance).best { network, own in
            try target(network).kept(allocation, importance: own)
        }
    }
}

extension [[Double]] {
    /// The importance of all channels that do not stay.
    func lost(_ kept: [[Int]]) -> Double {
        zip(self, kept).reduce(0) { sum, group in sum + group.0.reduce(0, +) - group.1.reduce(0) { $0 + group.0[$1] } }
    }
}
