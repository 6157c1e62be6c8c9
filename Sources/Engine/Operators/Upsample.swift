/// Maps of twice the height and width: nearest neighbours, or by a smoother filter.
package struct Upsample: Operator {
    let filter: ResamplingFilter

    /// Doubles height and width.
    package init(_ filter: ResamplingFilter = .box) {
        self.filter = filter
    }

    package func outputShape(of inputs: [Shape]) -> Shape {
        Shape(height: inputs[0].height * 2, width: inputs[0].width * 2, channels: inputs[0].channels)
    }

    package var isCheap: Bool { true }

    package func forward(_ call: OperatorCall) {
        filter.double(
            call.inputs[0], into: call.output, shape: call.shape.inputs[0], batch: call.batch, gain: 2, accumulating: false, call.parallel)
    }

    /// The transpose: halving with the gain of doubling.
    package func backward(_ call: OperatorCall) {
        guard let target = call.inputGradients[0] else { return }
        filter.halve(
            call.outputGradient, into: target, shape: call.shape.inputs[0], batch: call.batch, gain: 2, accumulating: call.accumulates[0],
            call.parallel)
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels { inputs[0] }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        OnnxValue(filter.doubled(graph.map(inputs[0]), channels: inputs[0].channels, in: &graph), .map, channels: inputs[0].channels)
    }
}
