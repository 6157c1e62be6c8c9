/// y = x where x > 0, slope · x elsewhere, elementwise (`nn.LeakyReLU`; with a slope of 0 `nn.ReLU`).
package struct Rectifier: Operator {
    let slope: Float

    /// - Parameter slope: of what is not positive.
    package init(slope: Float = 0) {
        self.slope = slope
    }

    package func outputShape(of inputs: [Shape]) -> Shape { inputs[0] }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 1) }

    package var isCheap: Bool { true }

    package func forward(_ call: OperatorCall) {
        let slope = slope
        call.parallel.ranges(call.batch * call.shape.output.count, grain: 4096) { range in
            Elementwise.map(range.count, call.inputs[0] + range.lowerBound, into: call.output + range.lowerBound) { x in
                x.replacing(with: x * slope, where: x .< 0)
            }
        }
    }

    /// dx = dy where x > 0, slope · dy elsewhere, as PyTorch has it.
    package func backward(_ call: OperatorCall) {
        guard let target = call.inputGradients[0] else { return }
        let slope = slope
        call.parallel.ranges(call.batch * call.shape.output.count, grain: 4096) { range in
            let (x, dy, dx) = (call.inputs[0] + range.lowerBound, call.outputGradient + range.lowerBound, target + range.lowerBound)
            if call.accumulates[0] {
                Elementwise.map(range.count, x, dy, dx, into: dx) { $2 + ($1 * slope).replacing(with: $1, where: $0 .> 0) }
            } else {
                Elementwise.map(range.count, x, dy, into: dx) { ($1 * slope).replacing(with: $1, where: $0 .> 0) }
            }
        }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels { inputs[0] }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let (name, layout) = (inputs[0].name, inputs[0].layout)
        let result = slope == 0 ? graph.add("Relu", [name]) : graph.add("LeakyRelu", [name], ["alpha": .float(slope)])
        return OnnxValue(result, layout, channels: inputs[0].channels)
    }
}
