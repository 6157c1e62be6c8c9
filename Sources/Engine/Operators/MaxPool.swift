/// The largest of 3 × 3 pixels (`F.max_pool2d(x, 3, stride, padding)`), channel by channel.
package struct MaxPool: Operator {
    private let window: PoolingWindow

    /// - Parameters:
    ///   - stride: pixels from one window to the next.
    ///   - padding: by how much windows reach over the edge, where there is nothing to be the largest.
    package init(stride: Int, padding: Int = 0) {
        window = PoolingWindow(stride: stride, padding: padding)
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape { try window.output(of: inputs) }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 1) }

    package var isCheap: Bool { true }

    package func forward(_ call: OperatorCall) {
        let (input, output, window) = (call.shape.inputs[0], call.shape.output, window)
        let channels = input.channels
        call.parallel.ranges(call.batch * output.height, grain: 4) { lines in
            window.walk(lines, input, output) { place in
                let (map, target) = (call.inputs[0] + place.image * input.count, call.output + place.output * channels)
                target.update(from: map + place.first * channels, count: channels)
                place.forEach {
                    // What is not a number stays so, wherever in the window it is.
                    Elementwise.map(channels, target, map + $0 * channels, into: target) { largest, value in
                        largest.replacing(with: value, where: (value .> largest) .| (value .!= value))
                    }
                }
            }
        }
    }

    /// The gradient goes to the first of the largest.
    package func backward(_ call: OperatorCall) {
        guard let gradient = call.inputGradients[0] else { return }
        let (input, output, window) = (call.shape.inputs[0], call.shape.output, window)
        let (channels, accumulating) = (input.channels, call.accumulates[0])
        call.parallel.ranges(call.batch) { images in
            if !accumulating { (gradient + images.lowerBound * input.count).update(repeating: 0, count: images.count * input.count) }
            window.walk(images.lowerBound * output.height..<images.upperBound * output.height, input, output) { place in
                let (values, dx) = (call.inputs[0] + place.image * input.count, gradient + place.image * input.count)
                let dy = call.outputGradient + place.output * channels
                for channel in 0..<channels {
                    var largest = place.first * channels + channel
                    place.forEach {
                        let other = $0 * channels + channel
                        if values[other] > values[largest] { largest = other }
                    }
                    dx[largest] += dy[channel]
                }
            }
        }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels { inputs[0] }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let side = PoolingWindow.side
        let result = graph.add(
            "MaxPool", [graph.map(inputs[0])],
            [
                "kernel_shape": .integers([side, side]), "strides": .integers([window.stride, window.stride]),
                "pads": .integers(window.pads),
            ])
        return OnnxValue(result, .map, channels: inputs[0].channels)
    }
}
