/// The parameters that training does not change (``Parameter/isTrained``, ``Graph/learns``), put back after each step: their gradients are zero,
/// but an optimiser would decay them.
struct FrozenWeights {
    private let values: [(index: Int, numbers: [Float])]

    /// - Parameters:
    ///   - graph: whose weights they are.
    ///   - areDecayed: whether an optimiser changes what has no gradient; where not, there is nothing to put back.
    init(_ weights: Weights, of graph: Graph, areDecayed: Bool) {
        guard areDecayed else {
            values = []
            return
        }
        let learned = graph.learnedParameters
        values = weights.parameters.indices.filter { !weights.parameters[$0].isTrained || !learned.contains(weights.parameters[$0].name) }
            .map { ($0, weights.torchOrder($0)) }
    }

    /// Puts them back, into the average as well where there is one.
    func restore(in weights: Weights, _ average: Weights?) {
        for value in values {
            weights.setTorchOrder(value.index, value.numbers)
            average?.setTorchOrder(value.index, value.numbers)
        }
    }
}
