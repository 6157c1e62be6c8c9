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

    /// The same network for another number of tokens, with the same weights.
    ///
    /// - Throws: ``GraphError``.
    public func told(tokens count: Int) throws(GraphError) -> TrainedModel {
        TrainedModel(model: try model.told(tokens: count), weights: weights)
    }

    /// Fresh weights, as the network's constructor draws them after `torch.manual_seed(seed)`.
    public init(initializing model: any Architecture, seed: Int) {
        var generator = TorchGenerator(seed: seed)
        let weights = Weights(model.graph.parameters)
        for parameter in model.constructionOrder {
            guard let index = weights.index(of: parameter.name) else { continue }
            weights.setTorchOrder(index, generator.initial(parameter.initialization, count: parameter.count))
        }
        self.init(model: model, weights: weights)
    }
}
