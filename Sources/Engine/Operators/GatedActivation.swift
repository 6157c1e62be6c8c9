/// y = a · f(g), a and g being the first and the second half of x's channels (GEGLU, arXiv 2002.05202, where f is GELU; diffusers' and
/// CompVis's order of the halves).
package struct GatedActivation: Operator {
    let function: ActivationFunction

    /// - Parameter function: f.
    package init(_ function: ActivationFunction) {
        self.function = function
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 1, inputs[0].channels > 0, inputs[0].channels % 2 == 0 else {
            throw .shape(node: "", expected: "two halves of channels", found: "\(inputs)")
        }
        return inputs[0].with(channels: inputs[0].channels / 2)
    }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 1) }

    package var isCheap: Bool { true }

    package func forward(_ call: OperatorCall) { function.call(Forward(call: call)) }

    private struct Forward: VectorFunctionUse {
        let call: OperatorCall

        @inline(__always)
        func callAsFunction<Function: VectorFunction>(_: Function.Type) {
            let channels = call.shape.output.channels
            call.parallel.ranges(call.batch * call.shape.output.pixels, grain: 16) { range in
                for pixel in range {
                    let x = call.inputs[0] + pixel * 2 * channels
                    Elementwise.map(channels, x, x + channels, into: call.output + pixel * channels) { $0 * Function.value($1) }
                }
            }
        }
    }

    /// da = dy · f(g), dg = dy · a · f'(g)
    package func backward(_ call: OperatorCall) { function.call(Backward(call: call)) }

    private struct Backward: VectorFunctionUse {
        let call: OperatorCall

        @inline(__always)
        func callAsFunction<Function: VectorFunction>(_: Function.Type) {
            guard let target = call.inputGradients[0] else { return }
            let channels = call.shape.output.channels
            let isAccumulating = call.accumulates[0]
            call.parallel.ranges(call.batch * call.shape.output.pixels, grain: 16) { range in
                for pixel in range {
                    let (x, dy, dx) = (
                        call.inputs[0] + pixel * 2 * channels, call.outputGradient + pixel * channels, target + pixel * 2 * channels
                    )
                    let (a, g) = (x, x + channels)
                    Elementwise.forEachVector(0..<channels) { channel, lanes in
                        let (upstream, gate) = ((dy + channel).load(lanes), (g + channel).load(lanes))
                        var left = upstream * Function.value(gate)
                        var right = upstream * (a + channel).load(lanes) * Function.slope(gate)
                        if isAccumulating {
                            left += (dx + channel).load(lanes)
                            right += (dx + channels + channel).load(lanes)
                        }
                        (dx + channel).store(left, lanes)
                        (dx + channels + channel).store(right, lanes)
                    }
                }
            }
        }
    }

    /// A channel and its gate go together.
    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        let channels = inputs[0].count / 2
        coupling.unify(Array(inputs[0].prefix(channels)), Array(inputs[0].suffix(channels)))
        return Array(inputs[0].prefix(channels))
    }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let (left, gate) = graph.halves(inputs[0].name, axis: inputs[0].layout.channelAxis)
        return OnnxValue(graph.product(left, function.onnx(gate, in: &graph)), inputs[0].layout, channels: inputs[0].channels / 2)
    }
}
