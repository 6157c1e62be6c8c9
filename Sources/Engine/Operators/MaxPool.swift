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
            for line in lines {
                let image = call.inputs[0] + line / output.height * input.count
                let rows = window.span(line % output.height, within: input.height)
                for column in 0..<output.width {
                    let columns = window.span(column, within: input.width)
                    let target = call.output + (line * output.width + column) * channels
                    target.update(from: image + (rows.lowerBound * input.width + columns.lowerBound) * channels, count: channels)
                    for y in rows {
                        for x in columns {
                            // What is not a number stays so, wherever in the window it is.
                            Elementwise.map(channels, target, image + (y * input.width + x) * channels, into: target) { largest, value in
                                largest.replacing(with: value, where: (value .> largest) .| (value .!= value))
                            }
                        }
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
            for image in images {
                let (values, dx) = (call.inputs[0] + image * input.count, gradient + image * input.count)
                if !accumulating { dx.update(repeating: 0, count: input.count) }
                for pixel in 0..<output.pixels {
                    let rows = window.span(pixel / output.width, within: input.height)
                    let columns = window.span(pixel % output.width, within: input.width)
                    let dy = call.outputGradient + image * output.count + pixel * channels
                    for channel in 0..<channels {
                        var largest = (rows.lowerBound * input.width + columns.lowerBound) * channels + channel
                        for y in rows {
                            for x in columns {
                                let place = (y * input.width + x) * channels + channel
                                if values[place] > values[largest] { largest = place }
                            }
                        }
                        dx[largest] += dy[channel]
                    }
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
