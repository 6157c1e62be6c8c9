/// y = x · σ(x), elementwise (`torch.nn.functional.silu`).
package struct SiLU: Operator {
    /// The activation.
    package init() {}

    package func outputShape(of inputs: [Shape]) -> Shape { inputs[0] }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 1) }

    package var isCheap: Bool { true }

    package func forward(_ call: OperatorCall) {
        call.parallel.ranges(call.batch * call.shape.output.count, grain: 4096) { range in
            Elementwise.map(range.count, call.inputs[0] + range.lowerBound, into: call.output + range.lowerBound) { x in
                x / (1 + Elementwise.exp(-x))
            }
        }
    }

    /// dx = dy · σ(x) · (1 + x · (1 - σ(x)))
    package func backward(_ call: OperatorCall) {
        guard let target = call.inputGradients[0] else { return }
        call.parallel.ranges(call.batch * call.shape.output.count, grain: 4096) { range in
            let (x, dy, dx) = (call.inputs[0] + range.lowerBound, call.outputGradient + range.lowerBound, target + range.lowerBound)
            @inline(__always) func slope(_ x: Vector, _ dy: Vector) -> Vector {
                let sigmoid = 1 / (1 + Elementwise.exp(-x))
                return dy * sigmoid * (1 + x * (1 - sigmoid))
            }
            if call.accumulates[0] {
                Elementwise.map(range.count, x, dy, dx, into: dx) { $2 + slope($0, $1) }
            } else {
                Elementwise.map(range.count, x, dy, into: dx) { slope($0, $1) }
            }
        }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels { inputs[0] }
}
