/// The mean of the 3 × 3 pixels around each, of those that are on the map (`F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)`).
package struct AveragePool: Operator {
    private let window = PoolingWindow(stride: 1, padding: 1)

    /// The mean.
    package init() {}

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape { try window.output(of: inputs) }

    package var isCheap: Bool { true }

    package func forward(_ call: OperatorCall) {
        let (input, output, window) = (call.shape.inputs[0], call.shape.output, window)
        let channels = input.channels
        call.parallel.ranges(call.batch * output.height, grain: 4) { lines in
            window.walk(lines, input, output) { place in
                let (map, target) = (call.inputs[0] + place.image * input.count, call.output + place.output * channels)
                target.update(repeating: 0, count: channels)
                place.forEach { Elementwise.add(channels, map + $0 * channels, to: target) }
                let share = 1 / Float(place.count)
                Elementwise.map(channels, target, into: target) { $0 * share }
            }
        }
    }

    /// Every pixel of a window gets as much of its gradient.
    package func backward(_ call: OperatorCall) {
        guard let gradient = call.inputGradients[0] else { return }
        let (input, output, window) = (call.shape.inputs[0], call.shape.output, window)
        let (channels, accumulating) = (input.channels, call.accumulates[0])
        call.parallel.ranges(call.batch) { images in
            if !accumulating { (gradient + images.lowerBound * input.count).update(repeating: 0, count: images.count * input.count) }
            window.walk(images.lowerBound * output.height..<images.upperBound * output.height, input, output) { place in
                let (dx, dy) = (gradient + place.image * input.count, call.outputGradient + place.output * channels)
                let share = 1 / Float(place.count)
                place.forEach {
                    let target = dx + $0 * channels
                    Elementwise.map(channels, dy, target, into: target) { $1 + $0 * share }
                }
            }
        }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels { inputs[0] }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let side = PoolingWindow.side
        let result = graph.add(
            "AveragePool", [graph.map(inputs[0])],
            [
                "kernel_shape": .integers([side, side]), "strides": .integers([window.stride, window.stride]),
                "pads": .integers(window.pads), "count_include_pad": .integer(0),
            ])
        return OnnxValue(result, .map, channels: inputs[0].channels)
    }
}
