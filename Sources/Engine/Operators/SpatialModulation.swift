/// y = x · s + b for a map x and two maps s and b of its channels that are smaller by whole factors: each of their pixels is for a block of x's.
///
/// The end of diffusers' `SpatialNorm` (MoVQ, arXiv 2209.09002), where s and b are made of latents that nearest neighbours enlarge.
package struct SpatialModulation: Operator {
    /// The modulation.
    package init() {}

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 3, inputs[1] == inputs[2], inputs[1].channels == inputs[0].channels, inputs[1].count > 0,
            inputs[0].height % inputs[1].height == 0, inputs[0].width % inputs[1].width == 0
        else {
            throw .shape(node: "", expected: "a map and two of its channels whose sides divide its own", found: "\(inputs)")
        }
        return inputs[0]
    }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 2) }

    package func forward(_ call: OperatorCall) {
        let (map, small) = (call.shape.output, call.shape.inputs[1])
        let (tall, wide, channels) = (map.height / small.height, map.width / small.width, map.channels)
        // Rows of all images: those of an image are `tall` times as many as of the small map.
        call.parallel.ranges(call.batch * map.height) { rows in
            for row in rows {
                for column in 0..<map.width {
                    let start = (row * map.width + column) * channels
                    let cell = (row / tall * small.width + column / wide) * channels
                    Elementwise.map(
                        channels, call.inputs[0] + start, call.inputs[1] + cell, call.inputs[2] + cell, into: call.output + start
                    ) { $0 * $1 + $2 }
                }
            }
        }
    }

    /// dx = dy · s; ds = Σ dy · x and db = Σ dy over a block's pixels.
    package func backward(_ call: OperatorCall) {
        let (map, small) = (call.shape.output, call.shape.inputs[1])
        let (tall, wide, channels) = (map.height / small.height, map.width / small.width, map.channels)
        call.parallel.ranges(call.batch * small.height) { cellRows in
            for cellRow in cellRows {
                for cellColumn in 0..<small.width {
                    let cell = (cellRow * small.width + cellColumn) * channels
                    for index in 1...2 where !call.accumulates[index] {
                        call.inputGradients[index].map { ($0 + cell).update(repeating: 0, count: channels) }
                    }
                    for pixel in 0..<(tall * wide) {
                        let (row, column) = (cellRow * tall + pixel / wide, cellColumn * wide + pixel % wide)
                        passGradient(call, from: (row * map.width + column) * channels, cell: cell)
                    }
                }
            }
        }
    }

    /// What one pixel adds.
    @inline(__always)
    private func passGradient(_ call: OperatorCall, from start: Int, cell: Int) {
        let channels = call.shape.output.channels
        let (dy, x, s) = (call.outputGradient + start, call.inputs[0] + start, call.inputs[1] + cell)
        if let dx = call.inputGradients[0] {
            if call.accumulates[0] {
                Elementwise.map(channels, dy, s, dx + start, into: dx + start) { $2 + $0 * $1 }
            } else {
                Elementwise.map(channels, dy, s, into: dx + start) { $0 * $1 }
            }
        }
        if let ds = call.inputGradients[1] { Elementwise.map(channels, dy, x, ds + cell, into: ds + cell) { $2 + $0 * $1 } }
        if let db = call.inputGradients[2] { Elementwise.add(channels, dy, to: db + cell) }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        coupling.unify(inputs[0], inputs[1])
        coupling.unify(inputs[0], inputs[2])
        return inputs[0]
    }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let map = graph.map(inputs[0])
        let sides = graph.add("Shape", [map], ["start": .integer(2), "end": .integer(4)])
        func enlarged(_ value: OnnxValue) -> String {
            let small = graph.map(value)
            let head = graph.add("Shape", [small], ["start": .integer(0), "end": .integer(2)])
            let sizes = graph.add("Concat", [head, sides], ["axis": .integer(0)])
            return graph.add("Resize", [small, "", "", sizes], ResamplingFilter.nearest)
        }
        return OnnxValue(graph.sum(graph.product(map, enlarged(inputs[1])), enlarged(inputs[2])), .map, channels: inputs[0].channels)
    }
}
