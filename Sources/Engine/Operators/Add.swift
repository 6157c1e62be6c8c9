/// y = (a + b) · scale. `b` may be a vector, which is then added to every pixel of `a`.
///
/// The residual sum of a block (scale = 1 / output_scale_factor) and the time embedding of a resnet.
package struct Add: Operator {
    let scale: Float

    /// A sum, multiplied by `scale`.
    package init(scale: Float = 1) {
        self.scale = scale
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 2, inputs[1] == inputs[0] || inputs[1] == .vector(inputs[0].channels) else {
            throw .shape(node: "", expected: "two equal shapes, or a map and a vector of its channels", found: "\(inputs)")
        }
        return inputs[0]
    }

    package func forward(_ call: OperatorCall) {
        let (a, b, y) = (call.inputs[0], call.inputs[1], call.output)
        let scale = scale
        guard call.shape.inputs[1] != call.shape.output else {
            call.parallel.ranges(call.batch * call.shape.output.count, grain: 4096) { range in
                let start = range.lowerBound
                Elementwise.map(range.count, a + start, b + start, into: y + start) { ($0 + $1) * scale }
            }
            return
        }
        let channels = call.shape.output.channels
        let pixels = call.shape.output.pixels
        call.parallel.ranges(call.batch * pixels, grain: 16) { range in
            for pixel in range {
                let start = pixel * channels
                Elementwise.map(channels, a + start, b + pixel / pixels * channels, into: y + start) { ($0 + $1) * scale }
            }
        }
    }

    package func backward(_ call: OperatorCall) {
        for (index, target) in call.inputGradients.enumerated() {
            guard let target else { continue }
            if call.shape.inputs[index] == call.shape.output {
                backwardWhole(call, target, accumulating: call.accumulates[index])
            } else {
                backwardVector(call, target, accumulating: call.accumulates[index])
            }
        }
    }

    private func backwardWhole(_ call: OperatorCall, _ target: UnsafeMutablePointer<Float>, accumulating: Bool) {
        let scale = scale
        call.parallel.ranges(call.batch * call.shape.output.count, grain: 4096) { range in
            let (dy, dx) = (call.outputGradient + range.lowerBound, target + range.lowerBound)
            if accumulating {
                Elementwise.map(range.count, dy, dx, into: dx) { $1 + $0 * scale }
            } else {
                Elementwise.map(range.count, dy, into: dx) { $0 * scale }
            }
        }
    }

    /// The vector's gradient is the sum over all pixels.
    private func backwardVector(_ call: OperatorCall, _ target: UnsafeMutablePointer<Float>, accumulating: Bool) {
        let channels = call.shape.output.channels
        let pixels = call.shape.output.pixels
        let scale = scale
        call.parallel.ranges(call.batch) { range in
            for image in range {
                let dx = target + image * channels
                let dy = call.outputGradient + image * pixels * channels
                if !accumulating { dx.update(repeating: 0, count: channels) }
                for pixel in 0..<pixels {
                    Elementwise.map(channels, dy + pixel * channels, dx, into: dx) { $1 + $0 * scale }
                }
            }
        }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        coupling.unify(inputs[0], inputs[1])
        return inputs[0]
    }
}
