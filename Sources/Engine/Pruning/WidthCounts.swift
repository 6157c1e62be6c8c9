/// What a network takes of each resource as a function of its channel groups' widths, without cutting it: an axis of a parameter is as long as
/// the groups that it indexes are wide, and a layer takes as many multiply-accumulates as its weight has numbers times the pixels of its map.
///
/// Seconds are told by a table of the layers' times in the uncut network, which go with the numbers of a layer's weight where it has one, else
/// with its channels.
///
/// It counts the graph alone: the header of a file, and what an architecture makes anew beside the slices, come on top. Of activation memory,
/// which depends on the order in which memory is reused, it counts all maps together: good to compare savings by.
struct WidthCounts {
    /// A number of channels: some that no cut touches, and shares of groups.
    private struct Length {
        let fixed: Int
        /// How many of these channels each group makes while it is whole.
        let shares: [(group: Int, count: Int, whole: Int)]

        init(fixed: Int) { (self.fixed, shares) = (fixed, []) }

        init(_ channels: Channels, _ groups: ChannelGroups) {
            var fixed = 0
            var counts: [Int: Int] = [:]
            for channel in channels {
                if let place = groups.place(channel) { counts[place.group, default: 0] += 1 } else { fixed += 1 }
            }
            self.fixed = fixed
            shares = counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value, groups.groups[$0.key].width) }
        }

        func callAsFunction(_ widths: [Int]) -> Int {
            shares.reduce(fixed) { $0 + $1.count * widths[$1.group] / $1.whole }
        }
    }

    private struct Tensor {
        let rows: Length
        let columns: Length
        /// Numbers of each row and column.
        let taps: Int
        /// Whether its numbers are counted among the parameters.
        let isCounted: Bool
        /// Bytes of each number.
        let bytes: Int
        /// Multiply-accumulates of each number.
        let uses: Int
        /// Nanoseconds of each number.
        let time: Double

        func count(_ widths: [Int]) -> Int { rows(widths) * columns(widths) * taps }
    }

    private let tensors: [Tensor]
    /// With the nanoseconds of each channel.
    private let maps: [(channels: Length, pixels: Int, time: Double)]

    /// - Parameters:
    ///   - graph: the uncut network's.
    ///   - groups: its channel groups.
    ///   - bytes: of each number of a parameter.
    ///   - nanoseconds: of one sample in each node, by its name: ``SampleClock/table(_:)``.
    init(_ graph: Graph, _ groups: ChannelGroups, bytes: (Parameter) -> Int, nanoseconds: [String: Double] = [:]) {
        var axes: [String: [Int: Channels]] = [:]
        for tie in groups.coupling.ties { axes[tie.parameter, default: [:]][tie.axis] = tie.channels }
        var uses: [String: Int] = [:]
        var times: [String: Double] = [:]
        var rest = nanoseconds
        for node in graph.nodes {
            let work = node.operation.multiplyAccumulates(inputs: node.inputs.map { graph.nodes[$0].shape }, output: node.shape)
            guard work > 0, let weight = node.operation.parameters.max(by: { $0.count < $1.count }) else { continue }
            uses[weight.name, default: 0] += work / weight.count
            times[weight.name, default: 0] += (rest.removeValue(forKey: node.name) ?? 0) / Double(weight.count)
        }
        tensors = graph.parameters.map { parameter in
            func length(_ axis: Int) -> Length {
                guard parameter.shape.count > axis else { return Length(fixed: 1) }
                return axes[parameter.name]?[axis].map { Length($0, groups) } ?? Length(fixed: parameter.shape[axis])
            }
            return Tensor(
                rows: length(0), columns: length(1), taps: parameter.shape.dropFirst(2).reduce(1, *),
                isCounted: !parameter.isStatistic, bytes: bytes(parameter), uses: uses[parameter.name] ?? 0,
                time: times[parameter.name] ?? 0)
        }
        maps = zip(graph.nodes, groups.channels).map { node, channels in
            (Length(channels, groups), node.shape.pixels, (rest.removeValue(forKey: node.name) ?? 0) / Double(max(1, channels.count)))
        }
    }

    /// - Parameter widths: of every group.
    func amount(_ resource: CutResource, _ widths: [Int]) -> Int {
        switch resource {
        case .macs: tensors.reduce(0) { $0 + ($1.uses > 0 ? $1.count(widths) * $1.uses : 0) }
        case .parameters: tensors.reduce(0) { $0 + ($1.isCounted ? $1.count(widths) : 0) }
        case .size: tensors.reduce(0) { $0 + $1.count(widths) * $1.bytes }
        case .secondsPerSample:
            Int(
                (tensors.reduce(0) { $0 + ($1.time > 0 ? Double($1.count(widths)) * $1.time : 0) }
                    + maps.reduce(0) { $0 + Double($1.channels(widths)) * $1.time }).rounded())
        case .activationMemory: maps.reduce(0) { $0 + $1.channels(widths) * $1.pixels * MemoryLayout<Float>.stride }
        }
    }
}
