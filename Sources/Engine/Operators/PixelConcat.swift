/// Joins maps of one width of channels along their pixels, as one row of all of them: the first one's, then the second's
/// (`torch.cat(…, dim=1)` of tokens).
package struct PixelConcat: Operator {
    /// The joint.
    package init() {}

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard let first = inputs.first, inputs.allSatisfy({ $0.channels == first.channels }) else {
            throw .shape(node: "", expected: "maps of one number of channels", found: "\(inputs)")
        }
        return Shape(height: 1, width: inputs.reduce(0) { $0 + $1.pixels }, channels: first.channels)
    }

    package var isCheap: Bool { true }

    package func forward(_ call: OperatorCall) {
        let total = call.shape.output.count
        call.parallel.ranges(call.batch) { range in
            for image in range {
                var target = call.output + image * total
                for (input, shape) in zip(call.inputs, call.shape.inputs) {
                    target.update(from: input + image * shape.count, count: shape.count)
                    target += shape.count
                }
            }
        }
    }

    package func backward(_ call: OperatorCall) {
        let total = call.shape.output.count
        call.parallel.ranges(call.batch) { range in
            for image in range {
                var source = call.outputGradient + image * total
                for (index, shape) in call.shape.inputs.enumerated() {
                    if let target = call.inputGradients[index] {
                        Elementwise.copy(
                            shape.count, source, to: target + image * shape.count, accumulating: call.accumulates[index])
                    }
                    source += shape.count
                }
            }
        }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        for other in inputs.dropFirst() { coupling.unify(inputs[0], other) }
        return inputs[0]
    }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let parts = inputs.map { graph.pixels($0) }
        return OnnxValue(graph.add("Concat", parts, ["axis": .integer(1)]), .pixels(grid: nil), channels: inputs[0].channels)
    }
}
