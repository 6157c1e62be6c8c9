/// y = f(x), elementwise.
package struct Activation: Operator {
    let function: ActivationFunction

    /// - Parameter function: f.
    package init(_ function: ActivationFunction) {
        self.function = function
    }

    package func outputShape(of inputs: [Shape]) -> Shape { inputs[0] }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 1) }

    package var isCheap: Bool { true }

    package func forward(_ call: OperatorCall) { function.call(Forward(call: call)) }

    private struct Forward: VectorFunctionUse {
        let call: OperatorCall

        @inline(__always)
        func callAsFunction<Function: VectorFunction>(_: Function.Type) {
            call.parallel.ranges(call.batch * call.shape.output.count, grain: 4096) { range in
                Elementwise.map(range.count, call.inputs[0] + range.lowerBound, into: call.output + range.lowerBound) { Function.value($0) }
            }
        }
    }

    /// dx = dy · f'(x)
    package func backward(_ call: OperatorCall) { function.call(Backward(call: call)) }

    private struct Backward: VectorFunctionUse {
        let call: OperatorCall

        @inline(__always)
        func callAsFunction<Function: VectorFunction>(_: Function.Type) {
            guard let target = call.inputGradients[0] else { return }
            call.parallel.ranges(call.batch * call.shape.output.count, grain: 4096) { range in
                let (x, dy, dx) = (call.inputs[0] + range.lowerBound, call.outputGradient + range.lowerBound, target + range.lowerBound)
                if call.accumulates[0] {
                    Elementwise.map(range.count, x, dy, dx, into: dx) { $2 + $1 * Function.slope($0) }
                } else {
                    Elementwise.map(range.count, x, dy, into: dx) { $1 * Function.slope($0) }
                }
            }
        }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels { inputs[0] }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        OnnxValue(function.onnx(inputs[0].name, in: &graph), inputs[0].layout, channels: inputs[0].channels)
    }
}
