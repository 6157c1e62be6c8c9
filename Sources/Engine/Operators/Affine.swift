/// y = scale · x + shift, with two numbers that are not learned (`center_input_sample`: 2x - 1).
package struct Affine: Operator {
    let scale: Float
    let shift: Float

    /// The map x → scale · x + shift.
    package init(scale: Float, shift: Float) {
        self.scale = scale
        self.shift = shift
    }

    package func outputShape(of inputs: [Shape]) -> Shape { inputs[0] }

    package var isCheap: Bool { true }

    package func forward(_ call: OperatorCall) {
        let (scale, shift) = (scale, shift)
        call.parallel.ranges(call.batch * call.shape.output.count, grain: 4096) { range in
            Elementwise.map(range.count, call.inputs[0] + range.lowerBound, into: call.output + range.lowerBound) { $0 * scale + shift }
        }
    }

    package func backward(_ call: OperatorCall) { call.passGradient(toInput: 0, scale: scale) }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels { inputs[0] }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let scaled = graph.product(inputs[0].name, scale)
        return OnnxValue(graph.sum(scaled, shift), inputs[0].layout, channels: inputs[0].channels)
    }
}
