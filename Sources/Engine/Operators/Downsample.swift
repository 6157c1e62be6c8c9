/// Maps of half the height and width, by a filter: pooling, or what goes before a blurred stride.
package struct Downsample: Operator {
    let filter: ResamplingFilter

    /// Halves height and width, which must be even.
    package init(_ filter: ResamplingFilter) {
        self.filter = filter
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 1, inputs[0].height % 2 == 0, inputs[0].width % 2 == 0 else {
            throw .shape(node: "", expected: "a map of even height and width", found: "\(inputs)")
        }
        return Shape(height: inputs[0].height / 2, width: inputs[0].width / 2, channels: inputs[0].channels)
    }

    package var isCheap: Bool { true }

    package func forward(_ call: OperatorCall) {
        filter.halve(
            call.inputs[0], into: call.output, shape: call.shape.output, batch: call.batch, gain: 1, accumulating: false, call.parallel)
    }

    /// The transpose: doubling without its gain.
    package func backward(_ call: OperatorCall) {
        guard let target = call.inputGradients[0] else { return }
        filter.double(
            call.outputGradient, into: target, shape: call.shape.output, batch: call.batch, gain: 1, accumulating: call.accumulates[0],
            call.parallel)
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels { inputs[0] }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        OnnxValue(filter.halved(graph.map(inputs[0]), channels: inputs[0].channels, in: &graph), .map, channels: inputs[0].channels)
    }
}
