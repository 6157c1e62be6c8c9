/// A vector of channels · height · width numbers as a map (`nn.Unflatten(1, (channels, height, width))`): channel after channel, as PyTorch has
/// maps in memory.
package struct Unflatten: Operator {
    let shape: Shape

    /// - Parameter shape: the map.
    package init(_ shape: Shape) {
        self.shape = shape
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs == [.vector(shape.count)] else {
            throw .shape(node: "", expected: "a vector of \(shape.count) numbers", found: "\(inputs)")
        }
        return shape
    }

    package var isCheap: Bool { true }

    package func forward(_ call: OperatorCall) {
        call.parallel.ranges(call.batch) { images in
            let start = images.lowerBound * shape.count
            PixelOrder.channelsLast(call.inputs[0] + start, to: call.output + start, batch: images.count, shape: shape)
        }
    }

    /// dx = dy, in the vector's order.
    package func backward(_ call: OperatorCall) {
        guard let target = call.inputGradients[0] else { return }
        let (pixels, channels) = (shape.pixels, shape.channels)
        call.parallel.ranges(call.batch) { images in
            for image in images {
                let (from, to) = (call.outputGradient + image * shape.count, target + image * shape.count)
                for channel in 0..<channels {
                    for pixel in 0..<pixels {
                        let gradient = from[pixel * channels + channel]
                        to[channel * pixels + pixel] = call.accumulates[0] ? to[channel * pixels + pixel] + gradient : gradient
                    }
                }
            }
        }
    }

    /// A channel is a run of the vector's numbers, one for each pixel, and groups have one of each: so what the map begins with stays whole.
    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        coupling.fix(inputs[0])
        return coupling.fixed(shape.channels)
    }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let sides = graph.constant([0, shape.channels, shape.height, shape.width])
        return OnnxValue(graph.add("Reshape", [inputs[0].name, sides]), .map, channels: shape.channels)
    }
}
