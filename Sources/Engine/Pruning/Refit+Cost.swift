/// What a run takes of memory and work.
extension Refit {
    /// Floats of the rows that are gathered at a time.
    private static let blockSize = 4 << 20

    /// How many rows of a layer are gathered at a time.
    static func block(_ pixels: Int, _ columns: Int) -> Int { min(pixels, max(64, blockSize / columns)) }

    /// What a layer's normal equations take.
    struct Need {
        /// Floats of what is gathered at a time: rows and their residuals, or maps.
        let gathered: Int
        /// Floats that sums are made in.
        let summed: Int
        /// Bytes of the equations and their solution.
        let equations: Int
    }

    /// - Returns: nil where there is nothing to solve for.
    func need(of node: Graph.Node, in graph: Graph, threads: Int) -> Need? {
        guard case .product(let columns, _) = node.operation.linearForm else { return nil }
        let (outputs, most) = (node.shape.channels, min(columns, Self.mostColumns))
        let rows = Self.block(SpreadPixels(samples * node.shape.pixels).count, columns)
        let bytes = NormalEquations.bytes(columns: most, outputs: outputs)
        guard let map = neighbourhood(node.operation, node.inputs.map { graph.nodes[$0].shape }, node.shape) else {
            return Need(
                gathered: rows * (columns + outputs),
                summed: NormalEquations.floats(columns: most, outputs: outputs, rows: rows, threads: threads), equations: bytes)
        }
        return Need(
            gathered: NeighbourhoodSums.floats(map, outputs: outputs, batch: samples), summed: 0,
            equations: bytes + NeighbourhoodSums.bytes(map, outputs: outputs))
    }

    /// One map of a layer's input where the sums are had from maps, without rows; nil where they are not.
    func neighbourhood(_ operation: any Operator, _ inputs: [Shape], _ output: Shape) -> Shape? {
        guard operation.seesNeighbourhood, NeighbourhoodSums.pay(inputs[0]), 9 * inputs[0].channels <= Self.mostColumns,
            SpreadPixels(samples * output.pixels).areAll
        else { return nil }
        return inputs[0]
    }

    /// What gathering the normal equations of all layers takes.
    public func multiplyAccumulates(_ cut: Graph) -> Int {
        cut.nodes.reduce(0) { sum, node in
            guard case .product(let columns, _) = node.operation.linearForm else { return sum }
            let (pixels, outputs) = (SpreadPixels(samples * node.shape.pixels).count, node.shape.channels)
            if let map = neighbourhood(node.operation, node.inputs.map { cut.nodes[$0].shape }, node.shape) {
                return sum + pixels * NeighbourhoodSums.multiplyAccumulates(map, outputs: outputs)
            }
            return sum + pixels * columns * (min(columns, Self.mostColumns) / 2 + outputs)
        }
    }

    /// Bytes that a run takes besides weights: activations of both networks, what is gathered, and the largest layer's normal equations.
    public func bytes(_ cut: Graph, like original: Graph, parallel: Parallel) -> Int {
        let activations = [cut, original].reduce(0) {
            $0 + $1.activationBytes(batch: samples, isTraining: false, preparedLimit: 0, parallel: parallel)
        }
        let needs = cut.nodes.compactMap { need(of: $0, in: cut, threads: parallel.threads) }
        let floats = (needs.map(\.gathered).max() ?? 0) + (needs.map(\.summed).max() ?? 0)
        return activations + (needs.map(\.equations).max() ?? 0) + floats * MemoryLayout<Float>.stride
    }
}
