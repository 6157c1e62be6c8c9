extension Scoring {
    /// Samples that go through at once at most: one where each sample's own gradients count.
    public var largest: Int { method.goesSampleBySample ? 1 : .max }

    /// How the batch goes through the model.
    public func plan(_ graph: Graph, samples: Int, memory: Int, parallel: Parallel) -> BatchPlan {
        BatchPlan(graph, samples: samples, largest: largest, isTraining: true, limit: memory, parallel: parallel)
    }

    /// Bytes that a walk takes beside the weights, and beside what goes through the model.
    public func bytes(_ graph: Graph) -> Int {
        let countsChannels = accumulation == .gates || threshold == nil
        let channels = countsChannels ? graph.channelGroups().reduce(0) { $0 + $1.width } : 0
        let history = threshold == nil ? points.count * channels : 0
        return (accumulation.count(parameters: graph.parameterCount, channels: channels) + history) * MemoryLayout<Float>.stride
    }

    /// Whether points are evaluated before their gradients are asked for, so that samples go through one by one twice.
    public var looksAhead: Bool { method.goesSampleBySample && limit != nil }
}
