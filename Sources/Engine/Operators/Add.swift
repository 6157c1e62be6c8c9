/// y = (a + b) · scale. `b` may be a vector, which is then added to every pixel of `a`.
///
/// The residual sum of a block (scale = 1 / output_scale_factor) and the time embedding of a resnet.
package struct Add: Operator {
    let scale: Float

    /// A sum, multiplied by `scale`.
    package init(scale: Float = 1) {
        self.scale = scale
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 2, inputs[1].fits(into: inputs[0]) else {
            throw .shape(node: "", expected: "two equal shapes, or a map and a vector of its channels", found: "\(inputs)")
        }
        return inputs[0]
    }

    package func forward(_ call: OperatorCall) {
        let (a, b, y) = (call.inputs[0], call.inputs[1], call.output)
        let scale = scale
        guard call.shape.inputs[1] != call.shape.output else {
            call.parallel.ranges(call.batch * call.shape.output.count, grain: 4096) { range in
                let start = range.lowerBound
                Elementwise.map(range.count, a + start, b + start, into: y + start) { ($0 + $1) * scale }
            }
            return
        }
        let channels = call.shape.output.channels
        let pixels = call.shape.output.pixels
        call.parallel.ranges(call.batch * pixels, grain: 16) { range in
            for pixel in range {
                let start = pixel * channels
                Elementwise.map(channels, a + start, b + pixel / pixels * channels, into: y + start) { ($0 + $1) * scale }
            }
        }
    }

    package func backward(_ call: OperatorCall) {
        for index in call.inputs.indices { call.passGradient(toInput: index, scale: scale) }
    }

    package var isSum: Bool { scale == 1 }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        coupling.unify(inputs[0], inputs[1])
        return inputs[0]
    }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let sum = graph.sum(inputs[0], inputs[1])
        return OnnxValue(graph.product(sum.name, scale), sum.layout, channels: sum.channels)
    }
}
