extension Graph {
    /// The same function with sums taken over by the layers whose outputs they add to, where those can: a map less is written and read.
    ///
    /// Such a layer runs where the sum ran, so that nodes and parameters may stand in another order; names stay. What is computed does
    /// not change but for the order of a sum's terms. Only what runs sees this graph: channels are coupled, cut and counted in the plain one.
    package func foldingSums() -> Graph {
        // Whoever takes an output of the graph reads it too.
        var readers = leaves.map { $0 ? 1 : 0 }
        for node in nodes {
            for input in node.inputs { readers[input] += 1 }
        }
        // The layer that takes over each sum, and which of its inputs is left to be added.
        var takers = [(layer: Int, operation: any Operator, added: Int)?](repeating: nil, count: nodes.count)
        var isTaken = [Bool](repeating: false, count: nodes.count)
        for (index, node) in nodes.enumerated() where node.operation.isSum {
            // The later one runs nearest to the sum.
            for layer in node.inputs.sorted(by: >) where readers[layer] == 1 && nodes[layer].shape == node.shape && !isTaken[layer] {
                guard let operation = nodes[layer].operation.adding() else { continue }
                takers[index] = (layer, operation, node.inputs[0] == layer ? node.inputs[1] : node.inputs[0])
                isTaken[layer] = true
                break
            }
        }

        var folded: [Node] = []
        var places = [Int](repeating: 0, count: nodes.count)
        for (index, node) in nodes.enumerated() where !isTaken[index] {
            places[index] = folded.count
            if let taker = takers[index] {
                let layer = nodes[taker.layer]
                folded.append(
                    Node(
                        name: layer.name, operation: taker.operation, inputs: (layer.inputs + [taker.added]).map { places[$0] },
                        shape: node.shape))
            } else {
                folded.append(Node(name: node.name, operation: node.operation, inputs: node.inputs.map { places[$0] }, shape: node.shape))
            }
        }
        return Graph(nodes: folded, outputs: outputs.map { Output(name: $0.name, node: places[$0.node]) })
    }
}
