/// For each node of a cut network the one of the original whose output it is to give.
///
/// That is the node of the same name; where layers were left out what its readers read in the original: the last layer before a gap is to give
/// what the layers in the gap made of it.
struct Counterparts {
    private let places: [Int?]

    /// - Parameter network: which of the original's layers there are, and what they are called.
    init(_ cut: Graph, in original: Graph, _ network: ShallowNetwork) {
        let names = network.names
        let known = Dictionary(original.nodes.enumerated().map { ($1.name, $0) }) { first, _ in first }
        let named = cut.nodes.map { known[names.original($0.name)] }
        var read: [Set<Int>] = cut.nodes.map { _ in [] }
        for (node, place) in zip(cut.nodes, named) {
            guard let place, original.nodes[place].inputs.count == node.inputs.count else { continue }
            for (input, other) in zip(node.inputs, original.nodes[place].inputs) { read[input].insert(other) }
        }
        // Where a shortcut goes on in a layer its summands are no more what they were; their sum is to be what the one that went gave.
        let changed = Set(network.folds.flatMap { fold in ShortcutFold.outputs.map { "\(fold.layer).\($0)" } })
        places = named.indices.map { node in
            let place = read[node].count == 1 ? read[node].first : named[node]
            return place == named[node] && changed.contains(names.original(cut.nodes[node].name)) ? nil : place
        }
    }

    /// Nil of a node that has none.
    subscript(node: Int) -> Int? { places[node] }
}
