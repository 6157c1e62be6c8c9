/// A value that comes from outside: the noisy sample, or the timestep as a vector of one number.
package struct Input: Operator {
    let shape: Shape

    /// One sample's shape.
    package init(_ shape: Shape) {
        self.shape = shape
    }

    package func outputShape(of inputs: [Shape]) -> Shape { shape }

    package func forward(_ call: OperatorCall) {}

    package func backward(_ call: OperatorCall) {}

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        coupling.fixed(shape.channels)
    }

    /// What the model declares in its place.
    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue { inputs[0] }
}
