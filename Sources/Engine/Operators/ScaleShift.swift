/// y = x · (1 + s) + b for a map x of C channels and a vector (s, b) of 2C (`resnet_time_scale_shift: "scale_shift"`).
package struct ScaleShift: Operator {
    /// The modulation.
    package init() {}

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 2, inputs[1] == .vector(2 * inputs[0].channels) else {
            throw .shape(node: "", expected: "a map and a vector of twice its channels", found: "\(inputs)")
        }
        return inputs[0]
    }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 2) }

    package func forward(_ call: OperatorCall) {
        let (channels, pixels) = (call.shape.output.channels, call.shape.output.pixels)
        call.parallel.ranges(call.batch * pixels, grain: 16) { range in
            for pixel in range {
                let modulation = call.inputs[1] + pixel / pixels * 2 * channels
                let start = pixel * channels
                Elementwise.map(channels, call.inputs[0] + start, modulation, modulation + channels, into: call.output + start) {
                    $0 * (1 + $1) + $2
                }
            }
        }
    }

    /// dx = dy · (1 + s); ds = Σ dy · x; db = Σ dy over pixels.
    package func backward(_ call: OperatorCall) {
        let (channels, pixels) = (call.shape.output.channels, call.shape.output.pixels)
        call.parallel.ranges(call.batch) { range in
            for image in range {
                let start = image * pixels * channels
                let (x, dy) = (call.inputs[0] + start, call.outputGradient + start)
                let modulation = call.inputs[1] + image * 2 * channels
                if let target = call.inputGradients[0] {
                    for pixel in 0..<pixels {
                        let (from, to) = (dy + pixel * channels, target + start + pixel * channels)
                        if call.accumulates[0] {
                            Elementwise.map(channels, from, modulation, to, into: to) { $2 + $0 * (1 + $1) }
                        } else {
                            Elementwise.map(channels, from, modulation, into: to) { $0 * (1 + $1) }
                        }
                    }
                }
                if let target = call.inputGradients[1] {
                    let (ds, db) = (target + image * 2 * channels, target + (image * 2 + 1) * channels)
                    if !call.accumulates[1] { ds.update(repeating: 0, count: 2 * channels) }
                    for pixel in 0..<pixels {
                        Elementwise.map(channels, dy + pixel * channels, x + pixel * channels, ds, into: ds) { $2 + $0 * $1 }
                        Elementwise.add(channels, dy + pixel * channels, to: db)
                    }
                }
            }
        }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        let channels = inputs[0].count
        coupling.unify(inputs[0], Array(inputs[1][..<channels]))
        coupling.unify(inputs[0], Array(inputs[1][channels...]))
        return inputs[0]
    }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let (layout, channels) = (inputs[0].layout, inputs[0].channels)
        let (scale, shift) = graph.halves(inputs[1].name, axis: inputs[1].layout.channelAxis)
        func met(_ half: String) -> String { graph.value(OnnxValue(half, inputs[1].layout, channels: channels), in: layout) }
        let scaled = graph.product(inputs[0].name, graph.sum(met(scale), 1))
        return OnnxValue(graph.sum(scaled, met(shift)), layout, channels: channels)
    }
}
