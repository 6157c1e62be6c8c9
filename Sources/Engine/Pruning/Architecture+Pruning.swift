extension Architecture {
    /// Whether it is what a cut leaves of another: fewer multiply-accumulates. Parameters may be more, where its class has layers that are idle.
    public func isCut(of other: any Architecture) -> Bool { graph.multiplyAccumulates < other.graph.multiplyAccumulates }

    /// The network without the channels that are not kept, and without layers of which none is; the same where all are.
    ///
    /// - Parameters:
    ///   - kept: for each of the graph's channel groups, the ascending channels that stay.
    ///   - steps: timesteps of the noise schedule; nil where the network is told noise levels.
    /// - Throws: ``DepthError``, ``GraphError``, and what ``pruned(to:widths:steps:)`` throws.
    public func pruned(kept: [[Int]], widths: Widths, steps: Int?) throws -> any Architecture {
        let network = try shallow(kept)
        return try network.model.narrowed(kept: network.own(kept), widths: widths, steps: steps)
    }

    private func narrowed(kept: [[Int]], widths: Widths, steps: Int?) throws -> any Architecture {
        let cut = try graph.cut(kept: kept)
        guard cut.parameterCount < graph.parameterCount else { return self }
        return try pruned(to: cut, widths: widths, steps: steps)
    }
}
