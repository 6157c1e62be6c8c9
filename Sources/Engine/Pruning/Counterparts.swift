/// For each node of a cut network the one of the original whose output it is to give.
///
/// That is the node of the same name; where layers were left out what its readers read in the original: the last layer before a gap is to give
/// what the layers in the gap made of it.
struct Counterparts {
    private let places: [Int?]

    /// - Parameter names: what the cut network's layers are called in the original.
    init(_ cut: Graph, in original: Graph, _ names: LayerNames) {
        let known = Dictionary(original.nodes.enumerated().map { ($1.name, $0) }) { first, _ in first }
        let named = cut.nodes.map { known[names.original($0.name)] }
        var read: [Set<Int>] = cut.nodes.map { _ in [] }
        for (node, place) in zip(cut.nodes, named) {
            guard let place, original.nodes[place].inputs.count == node.inputs.count else { continue }
            for (input, other) in zip(node.inputs, original.nodes[place].inputs) { read[input].insert(other) }
        }
        places = named.indices.map { read[$0].count == 1 ? read[$0].first : named[$0] }
    }

    /// Nil of a node that has none.
    subscript(node: Int) -> Int? { places[node] }
}
