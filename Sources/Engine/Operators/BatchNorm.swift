/// Batch normalisation as it is after training (`nn.BatchNorm2d` and `nn.BatchNorm1d` in evaluation mode): (x - mean) / √(variance + ε) · γ + β
/// of every channel, by the mean and the variance that training left, which are constants here. γ and β are trained.
package struct BatchNorm: Operator {
    let name: String
    let channels: Int
    let epsilon: Float

    /// - Parameter name: the checkpoint's prefix of `.weight`, `.bias`, `.running_mean` and `.running_var`.
    package init(_ name: String, channels: Int, epsilon: Float = 1e-5) {
        self.name = name
        self.channels = channels
        self.epsilon = epsilon
    }

    package var parameters: [Parameter] {
        [
            Parameter("\(name).weight", [channels], .ones), Parameter("\(name).bias", [channels], .zeros),
            Parameter("\(name).running_mean", [channels], .statistic(0)), Parameter("\(name).running_var", [channels], .statistic(1)),
        ]
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 1, inputs[0].channels == channels else {
            throw .shape(node: "", expected: "\(channels) channels", found: "\(inputs)")
        }
        return inputs[0]
    }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 1) }

    package var isCheap: Bool { true }

    /// Scale and shift of each channel, 1/σ, and two partial sums.
    package func scratchCount(_ call: CallShape) -> Int { 5 * channels }

    /// Writes 1/σ, and what y = x · scale + shift takes.
    private func setCoefficients(_ call: OperatorCall) -> (
        scale: UnsafeMutablePointer<Float>, shift: UnsafeMutablePointer<Float>, inverse: UnsafeMutablePointer<Float>
    ) {
        let (scale, shift, inverse) = (call.scratch, call.scratch + channels, call.scratch + 2 * channels)
        for channel in 0..<channels {
            inverse[channel] = inverseDeviation(call, channel)
            scale[channel] = inverse[channel] * call.parameters[0][channel]
            shift[channel] = call.parameters[1][channel] - call.parameters[2][channel] * scale[channel]
        }
        return (scale, shift, inverse)
    }

    private func inverseDeviation(_ call: OperatorCall, _ channel: Int) -> Float {
        Float(1 / (Double(call.parameters[3][channel]) + Double(epsilon)).squareRoot())
    }

    package func forward(_ call: OperatorCall) {
        let (scale, shift, _) = setCoefficients(call)
        let channels = channels
        call.parallel.ranges(call.batch * call.shape.output.pixels, grain: 64) { pixels in
            for pixel in pixels {
                let start = pixel * channels
                Elementwise.map(channels, call.inputs[0] + start, scale, shift, into: call.output + start) { $0 * $1 + $2 }
            }
        }
    }

    /// dx = dy · γ / σ; dγ = Σ dy · (x - mean) / σ; dβ = Σ dy.
    package func backward(_ call: OperatorCall) {
        let (scale, _, inverse) = setCoefficients(call)
        let (channels, pixels) = (channels, call.batch * call.shape.output.pixels)
        let (x, dy, mean) = (call.inputs[0], call.outputGradient, call.parameters[2])
        let (dGamma, dBeta) = (call.parameterGradients[0], call.parameterGradients[1])
        let partials = call.scratch + 3 * channels
        call.parallel.ranges(channels, grain: 8) { range in
            let (first, width) = (range.lowerBound, range.count)
            let (projections, totals) = (partials + first, partials + channels + first)
            // In blocks, so that rounding does not grow with the size of the map.
            for start in stride(from: 0, to: pixels, by: 128) {
                projections.update(repeating: 0, count: width)
                totals.update(repeating: 0, count: width)
                for pixel in start..<min(start + 128, pixels) {
                    let row = pixel * channels + first
                    Elementwise.forEachVector(0..<width) { channel, lanes in
                        let gradient = (dy + row + channel).load(lanes)
                        let deviation = (x + row + channel).load(lanes) - (mean + first + channel).load(lanes)
                        (projections + channel).store((projections + channel).load(lanes) + gradient * deviation, lanes)
                        (totals + channel).store((totals + channel).load(lanes) + gradient, lanes)
                    }
                }
                Elementwise.map(width, projections, inverse + first, dGamma + first, into: dGamma + first) { $2 + $0 * $1 }
                Elementwise.add(width, totals, to: dBeta + first)
            }
        }
        guard let target = call.inputGradients[0] else { return }
        let isAccumulating = call.accumulates[0]
        call.parallel.ranges(pixels, grain: 64) { range in
            for pixel in range {
                let (from, to) = (dy + pixel * channels, target + pixel * channels)
                if isAccumulating {
                    Elementwise.map(channels, from, scale, to, into: to) { $2 + $0 * $1 }
                } else {
                    Elementwise.map(channels, from, scale, into: to) { $0 * $1 }
                }
            }
        }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        coupling.batchNorm(name, input: inputs[0])
        return inputs[0]
    }

    package func cut(_ kept: KeptChannels) -> BatchNorm { BatchNorm(name, channels: kept.output.count, epsilon: epsilon) }

    /// The normalised input.
    package var linearForm: LinearForm? { .scale }

    package func linearRows(_ call: OperatorCall, _ pixels: Range<Int>, into rows: UnsafeMutablePointer<Float>) {
        for (place, pixel) in pixels.enumerated() {
            let (x, row) = (call.inputs[0] + pixel * channels, rows + place * channels)
            for channel in 0..<channels { row[channel] = (x[channel] - call.parameters[2][channel]) * inverseDeviation(call, channel) }
        }
    }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let layout: OnnxLayout = inputs[0].layout == .vector ? .vector : .map
        let names = [graph.value(inputs[0], in: layout)] + parameters.map { graph.parameter($0) }
        return OnnxValue(graph.add("BatchNormalization", names, ["epsilon": .float(epsilon)]), layout, channels: channels)
    }
}
