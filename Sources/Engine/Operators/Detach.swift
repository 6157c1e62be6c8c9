/// Its input as it is, through which no gradient goes back: what comes before learns nothing (``Graph/learns``), and no cut changes it
/// (``Graph/comesBeforeStop``).
package struct Detach: Operator {
    package init() {}

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 1 else { throw .shape(node: "", expected: "one input", found: "\(inputs)") }
        return inputs[0]
    }

    package var isCheap: Bool { true }

    package var stopsGradient: Bool { true }

    package func forward(_ call: OperatorCall) {
        call.output.update(from: call.inputs[0], count: call.batch * call.shape.output.count)
    }

    /// There is nothing to give back.
    package func backward(_ call: OperatorCall) {}

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels { inputs[0] }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue { inputs[0] }
}
