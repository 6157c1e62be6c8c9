/// A network without some of its layers, as a cut of the whole one: of the channel groups of those layers nothing stays.
///
/// So a cut of channels and of layers alike is told by the channels that stay of each of the whole network's groups.
struct ShallowNetwork {
    /// The network, all channels whole.
    let model: any Architecture
    /// What its layers are called in the whole one.
    let names: LayerNames
    /// What of layers that went goes on in others.
    let folds: [ShortcutFold]
    /// Whether no layer went.
    let isWhole: Bool
    /// For each of its channel groups its place among the whole network's.
    private let places: [Int]
    private let count: Int

    /// The whole network, which is without none.
    ///
    /// - Parameter count: of its channel groups.
    init(whole: any Architecture, count: Int) {
        (model, names, folds, isWhole, places, self.count) = (whole, LayerNames(), [], true, Array(0..<count), count)
    }

    /// - Parameters:
    ///   - whole: the whole network.
    ///   - modules: that it is to be without.
    ///   - groups: the whole network's.
    /// - Throws: what ``Architecture/leavingOut(_:)`` throws; ``DepthError/needed(_:)`` where what goes is more, or less, than whole groups.
    init(_ whole: any Architecture, without modules: Set<String>, _ groups: [ChannelGroup]) throws {
        count = groups.count
        isWhole = modules.isEmpty
        guard !isWhole else {
            (model, names, folds, places) = (whole, LayerNames(), [], Array(groups.indices))
            return
        }
        let left = try whole.leavingOut(modules)
        (model, names, folds) = (left.network, left.names, left.folds)
        let known = groups.enumerated().reduce(into: [Axis: Int]()) { known, group in
            for member in group.element.members { known[Axis(member.parameter, member)] = group.offset }
        }
        var places: [Int] = []
        for group in model.graph.channelGroups() {
            guard let member = group.members.first else { throw DepthError.needed(group.name) }
            let name = names.original(member.parameter)
            guard let place = known[Axis(member.axis == 0 ? folds.rows(of: name) : name, member)], groups[place].width == group.width
            else { throw DepthError.needed(group.name) }
            places.append(place)
        }
        guard Set(places).count == places.count else { throw DepthError.needed(modules.min() ?? "") }
        self.places = places
        // What goes of the groups is to tell which modules went.
        guard whole.modulesLeftOut(kept(places.map { Array(0..<groups[$0].width) }), groups) == modules else {
            throw DepthError.needed(modules.min() ?? "")
        }
    }

    /// One axis of a parameter from where a group begins.
    private struct Axis: Hashable {
        let parameter: String
        let axis: Int
        let offset: Int

        init(_ parameter: String, _ member: ChannelGroup.Member) {
            (self.parameter, axis, offset) = (parameter, member.axis, member.offset)
        }
    }

    /// Of what is told of the whole network's groups, what is of its own.
    func own<Told>(_ told: [Told]) -> [Told] { places.map { told[$0] } }

    /// The channels that stay of the whole network's groups, where these stay of its own.
    func kept(_ own: [[Int]]) -> [[Int]] {
        var kept = [[Int]](repeating: [], count: count)
        for (place, channels) in zip(places, own) { kept[place] = channels }
        return kept
    }

    /// Its weights: copies of the whole network's, and products of them where a shortcut goes on.
    ///
    /// - Throws: ``GraphError``.
    func weights(of whole: Weights) throws(GraphError) -> Weights {
        let changed = try folds.folded(whole)
        let weights = Weights(model.graph.parameters)
        for (index, parameter) in weights.parameters.enumerated() {
            let name = names.original(parameter.name)
            if let numbers = changed[name] {
                weights.setTorchOrder(index, numbers)
                continue
            }
            guard let source = whole.index(of: name) else { throw .missingTensor(name) }
            weights.pointer(index).update(from: whole.pointer(source), count: parameter.count)
        }
        return weights
    }
}

extension Architecture {
    /// The network that these channels are left of, but for what goes of its channels.
    ///
    /// - Parameter kept: for each of the graph's channel groups, the ascending channels that stay.
    /// - Throws: what ``ShallowNetwork/init(_:without:_:)`` throws.
    func shallow(_ kept: [[Int]]) throws -> ShallowNetwork {
        guard kept.contains(where: \.isEmpty) else { return ShallowNetwork(whole: self, count: kept.count) }
        let groups = graph.channelGroups()
        let network = try ShallowNetwork(self, without: modulesLeftOut(kept, groups), groups)
        if let empty = network.own(Array(kept.indices)).first(where: { kept[$0].isEmpty }) { throw DepthError.needed(groups[empty].name) }
        return network
    }

    /// The modules that a cut leaves nothing of.
    package func modulesLeftOut(_ kept: [[Int]], _ groups: [ChannelGroup]) -> Set<String> {
        guard kept.contains(where: \.isEmpty) else { return [] }
        return optionalModules.filter { module in
            let own = groups.indices.filter { groups[$0].isWithin(module) }
            return !own.isEmpty && own.allSatisfy { kept[$0].isEmpty }
        }
    }
}

extension ChannelGroup {
    /// Whether all that goes with it stands in a module.
    func isWithin(_ module: String) -> Bool { members.allSatisfy { $0.parameter.hasPrefix("\(module).") } }
}
