/// y = x / s for a map x and one number s per sample: the score of a network whose `time_embedding_type` is `fourier` is divided by its
/// noise level.
package struct Quotient: Operator {
    /// The quotient of a map and a number.
    package init() {}

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 2, inputs[1] == .vector(1) else {
            throw .shape(node: "", expected: "a map and a number", found: "\(inputs)")
        }
        return inputs[0]
    }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 2) }

    package func forward(_ call: OperatorCall) {
        let count = call.shape.output.count
        call.parallel.ranges(call.batch) { images in
            for image in images {
                let divisor = call.inputs[1][image]
                Elementwise.map(count, call.inputs[0] + image * count, into: call.output + image * count) { $0 / divisor }
            }
        }
    }

    /// dx = dy / s; ds = -Σ dy · x / s².
    package func backward(_ call: OperatorCall) {
        let count = call.shape.output.count
        call.parallel.ranges(call.batch) { images in
            for image in images {
                let (x, dy, divisor) = (call.inputs[0] + image * count, call.outputGradient + image * count, call.inputs[1][image])
                if let target = call.inputGradients[0] {
                    let dx = target + image * count
                    if call.accumulates[0] {
                        Elementwise.map(count, dy, dx, into: dx) { $1 + $0 / divisor }
                    } else {
                        Elementwise.map(count, dy, into: dx) { $0 / divisor }
                    }
                }
                if let target = call.inputGradients[1] {
                    var sum = 0.0
                    for i in 0..<count { sum += Double(dy[i]) * Double(x[i]) }
                    let ds = Float(-sum / (Double(divisor) * Double(divisor)))
                    target[image] = call.accumulates[1] ? target[image] + ds : ds
                }
            }
        }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels { inputs[0] }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        OnnxValue(
            graph.quotient(inputs[0].name, graph.value(inputs[1], in: inputs[0].layout)), inputs[0].layout, channels: inputs[0].channels)
    }
}
