/// Joins maps of one size along their channels (`torch.cat(…, dim=1)`).
package struct Concat: Operator {
    /// The joint.
    package init() {}

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard let first = inputs.first, inputs.allSatisfy({ $0.height == first.height && $0.width == first.width }) else {
            throw .shape(node: "", expected: "maps of one height and width", found: "\(inputs)")
        }
        return first.with(channels: inputs.reduce(0) { $0 + $1.channels })
    }

    package var isCheap: Bool { true }

    package func forward(_ call: OperatorCall) {
        let total = call.shape.output.channels
        call.parallel.ranges(call.batch * call.shape.output.pixels, grain: 16) { range in
            var offset = 0
            for (input, shape) in zip(call.inputs, call.shape.inputs) {
                for pixel in range {
                    (call.output + pixel * total + offset).update(from: input + pixel * shape.channels, count: shape.channels)
                }
                offset += shape.channels
            }
        }
    }

    package func backward(_ call: OperatorCall) {
        let total = call.shape.output.channels
        call.parallel.ranges(call.batch * call.shape.output.pixels, grain: 16) { range in
            var offset = 0
            for (index, shape) in call.shape.inputs.enumerated() {
                if let target = call.inputGradients[index] {
                    for pixel in range {
                        Elementwise.copy(
                            shape.channels, call.outputGradient + pixel * total + offset, to: target + pixel * shape.channels,
                            accumulating: call.accumulates[index])
                    }
                }
                offset += shape.channels
            }
        }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels { inputs.flatMap { $0 } }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let layout = graph.commonLayout(of: inputs)
        let parts = inputs.map { graph.value($0, in: layout) }
        return OnnxValue(
            graph.add("Concat", parts, ["axis": .integer(layout.channelAxis)]), layout, channels: inputs.reduce(0) { $0 + $1.channels })
    }
}
