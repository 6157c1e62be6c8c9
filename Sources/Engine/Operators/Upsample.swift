/// Nearest-neighbour upsampling by two (`F.interpolate(scale_factor=2, mode="nearest")`).
package struct Upsample: Operator {
    /// Doubles height and width.
    package init() {}

    package func outputShape(of inputs: [Shape]) -> Shape {
        Shape(height: inputs[0].height * 2, width: inputs[0].width * 2, channels: inputs[0].channels)
    }

    package var isCheap: Bool { true }

    package func forward(_ call: OperatorCall) {
        let shape = call.shape.output
        call.parallel.ranges(call.batch * shape.height, grain: 4) { rows in
            for row in rows {
                // (batch · height) counts rows through all images, and height is even: row / 2 is the source row.
                let from = call.inputs[0] + row / 2 * (shape.width / 2) * shape.channels
                let to = call.output + row * shape.width * shape.channels
                for column in 0..<shape.width {
                    (to + column * shape.channels).update(from: from + column / 2 * shape.channels, count: shape.channels)
                }
            }
        }
    }

    /// Each input pixel gathers its four copies.
    package func backward(_ call: OperatorCall) {
        guard let target = call.inputGradients[0] else { return }
        let shape = call.shape.inputs[0]
        let channels = shape.channels
        call.parallel.ranges(call.batch * shape.height, grain: 4) { rows in
            for row in rows {
                for column in 0..<shape.width {
                    let above = call.outputGradient + (row * 2 * shape.width * 2 + column * 2) * channels
                    let below = above + shape.width * 2 * channels
                    let to = target + (row * shape.width + column) * channels
                    Elementwise.copy(channels, above, to: to, accumulating: call.accumulates[0])
                    Elementwise.add(channels, above + channels, to: to)
                    Elementwise.add(channels, below, to: to)
                    Elementwise.add(channels, below + channels, to: to)
                }
            }
        }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels { inputs[0] }
}
