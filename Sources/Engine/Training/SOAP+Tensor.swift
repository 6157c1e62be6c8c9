extension SOAP {
    /// One of the weights.
    struct Tensor {
        /// Beyond that a covariance is too large to be taken apart every few steps.
        static let widestAxis = 2048

        /// Among the parameters.
        let index: Int
        let count: Int
        /// Those that are turned: of products' weights (``LinearForm``), of more than one number and at most ``widestAxis``.
        let axes: [Axis]
        /// Numbers of its bases.
        var sides: Int { axes.reduce(0) { $0 + $1.size * $1.size } }
        var cost: Int { axes.reduce(count) { $0 + count * $1.size } }

        /// Those that learn.
        static func all(_ graph: Graph) -> [Tensor] {
            var tensors: [Tensor] = []
            var offset = 0
            var index = 0
            for (node, learns) in zip(graph.nodes, graph.learns) {
                var isProduct = false
                if case .product = node.operation.linearForm { isProduct = true }
                for parameter in node.operation.parameters {
                    if learns {
                        let axes = isProduct ? axes(of: parameter, from: &offset) : []
                        tensors.append(Tensor(index: index, count: parameter.count, axes: axes))
                    }
                    index += 1
                }
            }
            return tensors
        }

        private static func axes(of parameter: Parameter, from offset: inout Int) -> [Axis] {
            guard [2, 4].contains(parameter.shape.count) else { return [] }
            // As weights lie in memory.
            let sizes = [parameter.shape[0], parameter.taps, parameter.shape[1]]
            var axes: [Axis] = []
            for (place, size) in sizes.enumerated() where (2...widestAxis).contains(size) {
                let (before, after) = (sizes[..<place].reduce(1, *), sizes[(place + 1)...].reduce(1, *))
                axes.append(Axis(before: before, size: size, after: after, offset: offset))
                offset += size * size
            }
            return axes
        }
    }

    /// An axis of a tensor that is (before, size, after).
    struct Axis {
        let before: Int
        let size: Int
        let after: Int
        /// Where its covariance and its basis begin among all.
        let offset: Int

        /// C = keeping · C + weight · Σ g gᵀ.
        func addSquare(of tensor: UnsafePointer<Float>, weight: Float, to c: UnsafeMutablePointer<Float>, keeping: Float) {
            if after == 1 {
                Matrix.addSquare(size: size, inner: before, alpha: weight, tensor, leading: size, transpose: true, beta: keeping, into: c)
                return
            }
            for slice in 0..<before {
                Matrix.addSquare(
                    size: size, inner: after, alpha: weight, tensor + slice * size * after, leading: after, transpose: false,
                    beta: slice == 0 ? keeping : 1, into: c)
            }
        }

        /// Multiplies every vector along the axis by a basis, a vector a row, or by its transpose.
        func multiply(
            _ basis: UnsafePointer<Float>, transposed: Bool, by source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>
        ) {
            if after == 1 {
                Matrix.multiply(
                    rows: before, columns: size, inner: size, source, leading: size, basis, leading: size, transposeB: !transposed,
                    into: target, leading: size)
                return
            }
            for slice in 0..<before {
                let start = slice * size * after
                Matrix.multiply(
                    rows: size, columns: after, inner: size, basis, leading: size, transposeA: transposed, source + start, leading: after,
                    into: target + start, leading: after)
            }
        }
    }
}
