/// The groups of a graph and where each class of channels stands in them.
struct ChannelGroups {
    /// A channel's place: which group, and its index there.
    struct Place {
        let group: Int
        let index: Int
    }

    let coupling: ChannelCoupling
    /// Each node's output channels.
    let channels: [Channels]
    private(set) var groups: [ChannelGroup] = []
    private var places: [Int: Place] = [:]

    init(_ graph: Graph) {
        (coupling, channels) = graph.coupling()
        var fixed = coupling.fixedClasses
        findGroups(fixed)
        // What no cut leaves in the equal parts that its norms and heads ask for stays whole.
        while case let uneven = unevenClasses, !uneven.isEmpty {
            fixed.formUnion(uneven)
            findGroups(fixed)
        }
    }

    private var unevenClasses: [Int] {
        let uneven = Set(groups.indices.filter { groups[$0].width % groups[$0].parts != 0 })
        return uneven.isEmpty ? [] : places.filter { uneven.contains($0.value.group) }.map(\.key)
    }

    /// Where a channel stands; nil where no cut may touch it.
    func place(_ channel: Int) -> Place? { places[coupling.root(channel)] }

    private mutating func findGroups(_ fixed: Set<Int>) {
        places = [:]
        // Classes made by the same layers form a group.
        var makers: [Int: [Int]] = [:]
        for (index, layer) in coupling.layers.enumerated() {
            for channel in layer.channels { makers[coupling.root(channel), default: []].append(index) }
        }
        var names: [(name: String, rule: WidthRule)] = []
        var widths: [Int] = []
        var numbers: [[Int]: Int] = [:]
        for layer in coupling.layers {
            for channel in layer.channels {
                let root = coupling.root(channel)
                guard places[root] == nil, !fixed.contains(root), let key = makers[root] else { continue }
                let group: Int
                if let known = numbers[key] {
                    group = known
                } else {
                    group = names.count
                    numbers[key] = group
                    names.append((layer.name, layer.width))
                    widths.append(0)
                }
                places[root] = Place(group: group, index: widths[group])
                widths[group] += 1
            }
        }

        var members = [[ChannelGroup.Member]](repeating: [], count: names.count)
        for tie in coupling.ties {
            for (position, channel) in tie.channels.enumerated() {
                guard let place = place(channel), place.index == 0 else { continue }
                members[place.group].append(
                    ChannelGroup.Member(parameter: tie.parameter, axis: tie.axis, offset: position, isScored: tie.isScored))
            }
        }
        var normGroups = [Int](repeating: 1, count: names.count)
        var heads = normGroups
        for division in coupling.divisions {
            for group in Set(division.channels.compactMap { place($0)?.group }) {
                if division.isNorm {
                    normGroups[group] = leastCommonMultiple(normGroups[group], division.parts)
                } else {
                    heads[group] = leastCommonMultiple(heads[group], division.parts)
                }
            }
        }
        var attentions = [Int?](repeating: nil, count: names.count)
        for (index, attention) in coupling.attentions.enumerated() {
            for channel in attention.query.prefix(1) + attention.value.prefix(1) {
                if let place = place(channel) { attentions[place.group] = index }
            }
        }
        groups = names.indices.map { index in
            ChannelGroup(
                name: names[index].name, width: widths[index], members: members[index], normGroups: normGroups[index],
                heads: heads[index], rule: names[index].rule, attention: attentions[index])
        }
    }
}
