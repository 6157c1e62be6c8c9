/// Layers that a class in diffusers has and that what is computed here does not pass through: their tensors are read and written, and
/// nothing else. It reads a map, of which it makes nothing, so that it is no input of the graph.
package struct IdleLayers: Operator {
    package let parameters: [Parameter]

    /// - Parameter parameters: their tensors.
    package init(_ parameters: [Parameter]) {
        self.parameters = parameters
    }

    /// One number that is always 0.
    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape { Shape(height: 1, width: 1, channels: 1) }

    package func forward(_ call: OperatorCall) {
        call.output.update(repeating: 0, count: call.batch)
    }

    /// Nobody goes by what it makes.
    package func backward(_ call: OperatorCall) {}

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels { coupling.fixed(1) }

    /// They have none.
    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue { inputs[0] }
}
