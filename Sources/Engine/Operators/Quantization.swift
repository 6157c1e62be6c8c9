/// The row of a learned table that is nearest to each pixel, by the Euclidean distance; the first of equals (diffusers' `VectorQuantizer`).
///
/// diffusers finds distances as |z|² + |e|² - 2·z·e, whose rounding may prefer another row where two are equally near to float32; here they are
/// sums of squared differences. Training moves neither table: that takes a loss of its own, which the network's output does not have.
package struct Quantization: Operator {
    let name: String
    let rows: Int
    let channels: Int

    /// - Parameter name: the checkpoint's prefix of `.weight` (rows × channels).
    package init(_ name: String, rows: Int, channels: Int) {
        self.name = name
        self.rows = rows
        self.channels = channels
    }

    package var parameters: [Parameter] { [Parameter("\(name).weight", [rows, channels], .codebook(rows: rows))] }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 1, inputs[0].channels == channels else {
            throw .shape(node: "", expected: "\(channels) channels", found: "\(inputs)")
        }
        return inputs[0]
    }

    /// Rows in whole vectors.
    private var vectors: Int { (rows + Elementwise.width - 1) / Elementwise.width }

    /// The table transposed: a vector has one channel of eight rows.
    package func preparedCount(_ call: CallShape) -> Int { vectors * Elementwise.width * channels }

    package func prepare(_ call: OperatorCall, for direction: Direction) {
        guard direction == .forward else { return }
        let width = Elementwise.width
        let table = call.parameters[0]
        call.parallel.ranges(vectors, grain: 64) { range in
            for vector in range {
                for channel in 0..<channels {
                    let target = call.prepared + (vector * channels + channel) * width
                    for lane in 0..<width {
                        let row = vector * width + lane
                        // Nothing is near to what stands behind the last row.
                        target[lane] = row < rows ? table[row * channels + channel] : .infinity
                    }
                }
            }
        }
    }

    package func forward(_ call: OperatorCall) {
        call.parallel.ranges(call.batch * call.shape.output.pixels, grain: 16) { range in
            for pixel in range {
                let row = nearest(call.inputs[0] + pixel * channels, call.prepared)
                (call.output + pixel * channels).update(from: call.parameters[0] + row * channels, count: channels)
            }
        }
    }

    private func nearest(_ z: UnsafePointer<Float>, _ table: UnsafePointer<Float>) -> Int {
        let width = Elementwise.width
        var best = Vector(repeating: .infinity)
        var found = SIMD8<Int32>.zero
        for vector in 0..<vectors {
            var distance = Vector.zero
            for channel in 0..<channels {
                let difference = (table + (vector * channels + channel) * width).load() - z[channel]
                distance += difference * difference
            }
            let isNearer = distance .< best
            best.replace(with: distance, where: isNearer)
            found.replace(with: SIMD8(repeating: Int32(vector)), where: isNearer)
        }
        var nearest = (distance: Float.infinity, row: 0)
        for lane in 0..<width {
            let row = Int(found[lane]) * width + lane
            if best[lane] < nearest.distance || best[lane] == nearest.distance && row < nearest.row { nearest = (best[lane], row) }
        }
        return nearest.row
    }

    /// dz = dy: the straight-through estimate.
    package func backward(_ call: OperatorCall) { call.passGradient(toInput: 0) }

    /// A distance is of all channels.
    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        coupling.fix(inputs[0])
        return coupling.fixed(channels)
    }

    /// The least |e|² - 2·z·e, as |z|² is the same for all rows.
    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let layout = graph.pixelLayout(of: inputs[0])
        let table = graph.parameter(parameters[0])
        let squares = graph.add("ReduceSumSquare", [table, graph.constant([1])], ["keepdims": .integer(0)])
        let transposed = graph.add("Transpose", [table], ["perm": .integers([1, 0])])
        let products = graph.add("MatMul", [graph.pixels(inputs[0]), transposed])
        let distances = graph.difference(squares, graph.product(products, 2))
        let nearest = graph.add("ArgMin", [distances], ["axis": .integer(-1), "keepdims": .integer(0)])
        return OnnxValue(graph.add("Gather", [table, nearest]), layout, channels: channels)
    }
}
