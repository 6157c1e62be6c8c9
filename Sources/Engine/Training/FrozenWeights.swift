/// The parameters that training does not change (``Parameter/isTrained``), put back after each step: their gradients are zero, but an optimiser
/// would decay them.
struct FrozenWeights {
    private let values: [(index: Int, numbers: [Float])]

    init(_ weights: Weights) {
        values = weights.parameters.indices.filter { !weights.parameters[$0].isTrained }.map { ($0, weights.torchOrder($0)) }
    }

    /// Puts them back, into the average as well where there is one.
    func restore(in weights: Weights, _ average: Weights?) {
        for value in values {
            weights.setTorchOrder(value.index, value.numbers)
            average?.setTorchOrder(value.index, value.numbers)
        }
    }
}
