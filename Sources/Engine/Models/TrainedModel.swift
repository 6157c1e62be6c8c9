/// A network and its weights.
public struct TrainedModel: Sendable {
    /// The architecture.
    public let model: any Architecture
    /// Values of the model's parameters, in graph order.
    public let weights: Weights

    /// Pairs a model with weights laid out for its graph.
    public init(model: any Architecture, weights: Weights) {
        self.model = model
        self.weights = weights
    }

    /// Fresh weights, as the network's constructor draws them after `torch.manual_seed(seed)`.
    public init(initializing model: any Architecture, seed: Int) {
        var generator = TorchGenerator(seed: seed)
        let weights = Weights(model.graph.parameters)
        for parameter in model.constructionOrder {
            guard let index = weights.index(of: parameter.name) else { continue }
            switch parameter.initialization {
            case .uniform(let fanIn):
                // In doubles, as Python computes it; rounding the root first would move one bound in four by a unit in the last place.
                let bound = Float(1 / Double(fanIn).squareRoot())
                weights.setTorchOrder(index, generator.uniform(parameter.count, from: -bound, to: bound))
            case .normal: weights.setTorchOrder(index, generator.randn(parameter.count))
            case .ones: weights.setTorchOrder(index, [Float](repeating: 1, count: parameter.count))
            case .zeros: break
            }
        }
        self.init(model: model, weights: weights)
    }

    /// The names of tensors that hold a number that is not finite.
    public var tensorsNotFinite: [String] {
        weights.parameters.indices.filter { index in
            let values = UnsafeBufferPointer(start: weights.pointer(index), count: weights.parameters[index].count)
            return values.contains { !$0.isFinite }
        }.map { weights.parameters[$0].name }
    }
}
