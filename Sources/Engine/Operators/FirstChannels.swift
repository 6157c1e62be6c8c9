/// The first channels of a map (`x[:, :n]`): of an autoencoder's moments the means.
package struct FirstChannels: Operator {
    let count: Int

    /// - Parameter count: how many.
    package init(_ count: Int) {
        self.count = count
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 1, inputs[0].channels >= count else {
            throw .shape(node: "", expected: "at least \(count) channels", found: "\(inputs)")
        }
        return inputs[0].with(channels: count)
    }

    package var isCheap: Bool { true }

    package func forward(_ call: OperatorCall) {
        let (count, all) = (count, call.shape.inputs[0].channels)
        call.parallel.ranges(call.batch * call.shape.output.pixels, grain: 256) { range in
            for pixel in range { (call.output + pixel * count).update(from: call.inputs[0] + pixel * all, count: count) }
        }
    }

    /// dx = dy, and 0 at the channels that are left out.
    package func backward(_ call: OperatorCall) {
        guard let target = call.inputGradients[0] else { return }
        let (count, all) = (count, call.shape.inputs[0].channels)
        call.parallel.ranges(call.batch * call.shape.output.pixels, grain: 256) { range in
            for pixel in range {
                let place = target + pixel * all
                Elementwise.copy(count, call.outputGradient + pixel * count, to: place, accumulating: call.accumulates[0])
                if !call.accumulates[0] { (place + count).update(repeating: 0, count: all - count) }
            }
        }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels { Array(inputs[0].prefix(count)) }

    /// What is left of the first channels comes first of what is left of all.
    package func cut(_ kept: KeptChannels) -> FirstChannels { FirstChannels(kept.output.count) }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let layout = inputs[0].layout
        let first = [inputs[0].name, graph.constant([0]), graph.constant([count]), graph.constant([layout.channelAxis])]
        return OnnxValue(graph.add("Slice", first), layout, channels: count)
    }
}
