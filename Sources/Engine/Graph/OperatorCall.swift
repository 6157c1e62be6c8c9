/// The memory of one call: planned once per shape, the same in every step.
package struct OperatorCall {
    /// The sizes of the call.
    package let shape: CallShape
    /// (batch, height, width, channels) each.
    package let inputs: [UnsafeMutablePointer<Float>]
    /// (batch, height, width, channels).
    package let output: UnsafeMutablePointer<Float>
    /// dL/doutput, shaped as the output. Valid in backward only.
    package let outputGradient: UnsafeMutablePointer<Float>
    /// dL/dinput, shaped as the inputs; nil where nothing upstream learns.
    package let inputGradients: [UnsafeMutablePointer<Float>?]
    /// Whether another consumer's gradient is already there, to be added to.
    package let accumulates: [Bool]
    /// The operator's parameters, engine order.
    package let parameters: [UnsafeMutablePointer<Float>]
    /// dL/dparameter, always added to.
    package let parameterGradients: [UnsafeMutablePointer<Float>]
    /// What ``Operator/prepare(_:for:)`` makes of the parameters for forward.
    package let prepared: UnsafeMutablePointer<Float>
    /// The same for backward; may be the same memory, prepared anew.
    package let preparedBackward: UnsafeMutablePointer<Float>
    /// What forward keeps for backward.
    package let saved: UnsafeMutablePointer<Float>
    /// Working memory, shared by all nodes.
    package let scratch: UnsafeMutablePointer<Float>

    package init(
        shape: CallShape, inputs: [UnsafeMutablePointer<Float>], output: UnsafeMutablePointer<Float>,
        outputGradient: UnsafeMutablePointer<Float>, inputGradients: [UnsafeMutablePointer<Float>?], accumulates: [Bool],
        parameters: [UnsafeMutablePointer<Float>], parameterGradients: [UnsafeMutablePointer<Float>], prepared: UnsafeMutablePointer<Float>,
        preparedBackward: UnsafeMutablePointer<Float>,
        saved: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        self.shape = shape
        self.inputs = inputs
        self.output = output
        self.outputGradient = outputGradient
        self.inputGradients = inputGradients
        self.accumulates = accumulates
        self.parameters = parameters
        self.parameterGradients = parameterGradients
        self.prepared = prepared
        self.preparedBackward = preparedBackward
        self.saved = saved
        self.scratch = scratch
    }

    var batch: Int { shape.batch }
    var parallel: Parallel { shape.parallel }
}
