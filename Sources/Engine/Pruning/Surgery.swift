extension Graph {
    /// The graph without the channels that are not kept.
    ///
    /// - Parameter kept: for each of ``channelGroups()``, the ascending channels that stay.
    package func cut(kept: [[Int]]) throws(GraphError) -> Graph { try cut(kept: kept, in: ChannelGroups(self)) }

    /// The same, of groups that were found before.
    func cut(kept: [[Int]], in groups: ChannelGroups) throws(GraphError) -> Graph { try Surgery(self, groups, kept: kept).graph }

    /// The graph without the channels that are not kept, and its weights: exact slices of the given ones.
    ///
    /// - Parameter kept: for each of ``channelGroups()``, the ascending channels that stay.
    package func cut(kept: [[Int]], weights: Weights) throws(GraphError) -> (graph: Graph, weights: Weights) {
        let surgery = try Surgery(self, ChannelGroups(self), kept: kept)
        return (surgery.graph, try surgery.slices(of: weights))
    }
}

extension Graph {
    /// The channels of every node's output that stay, by the node's name.
    ///
    /// - Parameter kept: for each of ``channelGroups()``, the ascending channels that stay.
    package func keptOutputs(_ kept: [[Int]]) -> [String: [Int]] {
        let cut = CutChannels(ChannelGroups(self), kept: kept)
        return Dictionary(zip(nodes, cut.outputs).map { ($0.name, $1) }) { first, _ in first }
    }
}

/// The channels that a cut leaves.
private struct CutChannels {
    let groups: ChannelGroups
    private let keptSets: [Set<Int>]
    /// Of each node's output.
    private(set) var outputs: [[Int]] = []

    init(_ groups: ChannelGroups, kept: [[Int]]) {
        self.groups = groups
        keptSets = kept.map(Set.init)
        outputs = groups.channels.map(survivors)
    }

    /// The indices of those channels that stay.
    func survivors(_ channels: Channels) -> [Int] {
        channels.indices.filter { index in
            guard let place = groups.place(channels[index]) else { return true }
            return keptSets[place.group].contains(place.index)
        }
    }
}

/// A cut through a graph: what is left of every node and of every parameter.
private struct Surgery {
    private(set) var graph = Graph()
    private let cut: CutChannels

    init(_ whole: Graph, _ groups: ChannelGroups, kept: [[Int]]) throws(GraphError) {
        cut = CutChannels(groups, kept: kept)
        for (index, node) in whole.nodes.enumerated() {
            let channels = KeptChannels(
                inputs: node.inputs.map { cut.outputs[$0] }, output: cut.outputs[index],
                inputWidths: node.inputs.map { cut.groups.channels[$0].count })
            try graph.add(node.name, node.operation.cut(channels), node.inputs)
        }
        for output in whole.outputs { graph.addOutput(output.name, output.node) }
    }

    /// The kept rows and columns of every parameter.
    func slices(of weights: Weights) throws(GraphError) -> Weights {
        var keptByAxis: [String: [Int: [Int]]] = [:]
        for tie in cut.groups.coupling.ties { keptByAxis[tie.parameter, default: [:]][tie.axis] = cut.survivors(tie.channels) }
        let result = Weights(graph.parameters)
        for (index, parameter) in result.parameters.enumerated() {
            guard let source = weights.index(of: parameter.name) else { throw .missingTensor(parameter.name) }
            let axes = keptByAxis[parameter.name] ?? [:]
            weights.slice(source, rows: axes[0], columns: axes[1], into: result.pointer(index))
        }
        return result
    }
}

extension Weights {
    /// Copies the given rows (axis 0) and columns (axis 1) of a parameter; nil takes all.
    func slice(_ index: Int, rows: [Int]?, columns: [Int]?, into target: UnsafeMutablePointer<Float>) {
        let shape = parameters[index].shape
        let source = pointer(index)
        let rows = rows ?? Array(0..<shape[0])
        let rowLength = parameters[index].count / shape[0]
        var target = target
        guard shape.count > 1 else {
            for (place, row) in rows.enumerated() { target[place] = source[row] }
            return
        }
        let columns = columns ?? Array(0..<shape[1])
        for row in rows {
            for tap in 0..<(rowLength / shape[1]) {
                let run = source + row * rowLength + tap * shape[1]
                for (place, column) in columns.enumerated() { target[place] = run[column] }
                target += columns.count
            }
        }
    }
}
