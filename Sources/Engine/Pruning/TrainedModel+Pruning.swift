extension TrainedModel {
    /// The model without the channels that are not kept: ``Architecture/pruned(to:widths:steps:)`` with its weights, exact slices of
    /// these but for what ``Architecture/refitted(_:for:steps:)`` gives.
    ///
    /// - Throws: what these throw.
    public func pruned(kept: [[Int]], widths: Widths, steps: Int?) throws -> TrainedModel {
        let network = try model.shallow(kept)
        let weights = try network.isWhole ? weights : network.weights(of: weights)
        return try TrainedModel(model: network.model, weights: weights).pruned(
            network.model, kept: network.own(kept), widths: widths, steps: steps)
    }

    private func pruned(_ model: some Architecture, kept: [[Int]], widths: Widths, steps: Int?) throws -> TrainedModel {
        let (graph, cut) = try model.graph.cut(kept: kept, weights: weights)
        guard graph.parameterCount < model.graph.parameterCount else { return self }
        let result = try model.pruned(to: graph, widths: widths, steps: steps)
        let refitted = try model.refitted(weights, for: result, steps: steps)
        return TrainedModel(model: result, weights: try Weights(result.graph.parameters, from: cut, replacing: refitted))
    }
}

extension Weights {
    /// Weights for other parameters of the same names: copied where the shapes agree, replaced where new values are given.
    ///
    /// - Throws: ``GraphError`` when a parameter has neither.
    convenience init(_ parameters: [Parameter], from other: Weights, replacing values: [String: [Float]]) throws(GraphError) {
        self.init(parameters)
        for (index, parameter) in parameters.enumerated() {
            if let new = values[parameter.name] {
                setTorchOrder(index, new)
                continue
            }
            guard let source = other.index(of: parameter.name) else { throw .missingTensor(parameter.name) }
            let found = other.parameters[source].shape
            guard found == parameter.shape else {
                throw .tensorShape(name: parameter.name, expected: parameter.shape, found: found)
            }
            pointer(index).update(from: other.pointer(source), count: parameter.count)
        }
    }
}
