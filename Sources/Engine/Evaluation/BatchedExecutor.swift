/// Runs a model forward over any number of samples, as many at once as memory allows.
struct BatchedExecutor {
    let executor: Executor
    /// All samples.
    let samples: Int

    /// Samples that go through at once at most: more would not be faster.
    static let largest = 16

    /// - Parameter memory: bytes for activations.
    init(_ trained: TrainedModel, samples: Int, memory: Int, parallel: Parallel) {
        self.init(trained.model.graph, trained.weights, samples: samples, memory: memory, parallel: parallel)
    }

    /// - Parameter memory: bytes for activations.
    init(_ graph: Graph, _ weights: Weights, samples: Int, memory: Int, parallel: Parallel) {
        let plan = Self.plan(graph, samples: samples, memory: memory, parallel: parallel)
        executor = Executor(graph: graph, weights: weights, batch: plan.batch, preparedLimit: plan.preparedLimit, parallel: parallel)
        self.samples = samples
    }

    static func plan(_ graph: Graph, samples: Int, memory: Int, parallel: Parallel) -> BatchPlan {
        BatchPlan(graph, samples: samples, largest: largest, isTraining: false, limit: memory, parallel: parallel)
    }
}
