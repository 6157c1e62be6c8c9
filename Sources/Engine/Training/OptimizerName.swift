/// The optimisers there are.
public enum OptimizerName: String, Sendable, CaseIterable {
    /// ``AdamW``.
    case adamw
    /// ``SOAP``.
    case soap

    var kind: any Optimizer.Type {
        switch self {
        case .adamw: AdamW.self
        case .soap: SOAP.self
        }
    }

    /// Bytes that it takes beside weights, gradients and average.
    public func bytes(_ graph: Graph, _ parallel: Parallel) -> Int {
        kind.floats(graph, threads: parallel.threads) * MemoryLayout<Float>.stride
    }

    /// Multiply-accumulates of a step, beyond a walk over the weights.
    public func multiplyAccumulates(_ graph: Graph) -> Double { kind.multiplyAccumulates(graph) }
}
