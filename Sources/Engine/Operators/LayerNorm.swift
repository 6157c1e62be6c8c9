/// Layer normalisation (`nn.LayerNorm` over the channels, biased variance): each pixel to mean 0 and variance 1, then γ, β.
package struct LayerNorm: Operator {
    let name: String
    let channels: Int
    let epsilon: Float

    /// - Parameter name: the checkpoint's prefix of `.weight` and `.bias`.
    package init(_ name: String, channels: Int, epsilon: Float = 1e-5) {
        self.name = name
        self.channels = channels
        self.epsilon = epsilon
    }

    package var parameters: [Parameter] {
        [Parameter("\(name).weight", [channels], .ones), Parameter("\(name).bias", [channels], .zeros)]
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 1, inputs[0].channels == channels else {
            throw .shape(node: "", expected: "\(channels) channels", found: "\(inputs)")
        }
        return inputs[0]
    }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 1) }

    package var isCheap: Bool { true }

    /// Mean and 1/σ per pixel.
    package func savedCount(_ call: CallShape) -> Int { call.batch * call.output.pixels * 2 }

    /// Sums for γ and β over each of the parts.
    package func scratchCount(_ call: CallShape) -> Int { call.isTraining ? Self.parts * 2 * channels : 0 }

    /// Parts of the pixels whose sums are taken on their own, however many threads there are.
    private static let parts = 16

    package func forward(_ call: OperatorCall) {
        let channels = channels
        call.parallel.ranges(call.batch * call.shape.output.pixels, grain: 16) { range in
            for pixel in range {
                let (x, y) = (call.inputs[0] + pixel * channels, call.output + pixel * channels)
                let (mean, inverseDeviation) = statistics(x)
                call.saved[pixel * 2] = mean
                call.saved[pixel * 2 + 1] = inverseDeviation
                Elementwise.map(channels, x, call.parameters[0], call.parameters[1], into: y) { ($0 - mean) * inverseDeviation * $1 + $2 }
            }
        }
    }

    /// Mean and 1/σ of a pixel. Deviations from the mean are squared, not numbers, whose squares would leave nothing of small ones.
    @inline(__always)
    private func statistics(_ x: UnsafePointer<Float>) -> (mean: Float, inverseDeviation: Float) {
        let (channels, count) = (channels, 1 / Float(channels))
        let mean = sum(channels) { (x + $0).load($1) } * count
        let squares = sum(channels) { index, lanes in
            var deviation = (x + index).load(lanes) - mean
            for lane in lanes..<Elementwise.width { deviation[lane] = 0 }
            return deviation * deviation
        }
        return (mean, 1 / (squares * count + epsilon).squareRoot())
    }

    /// The sum of all lanes of `numbers`, which gives zero in lanes beyond those that it is asked for.
    @inline(__always)
    private func sum(_ count: Int, _ numbers: (_ index: Int, _ lanes: Int) -> Vector) -> Float {
        var sums = Vector.zero
        Elementwise.forEachVector(0..<count) { sums += numbers($0, $1) }
        return sums.sum()
    }

    /// With x̂ = (x - mean)/σ and m channels: dγ = Σ dy·x̂, dβ = Σ dy, dx = (γ·dy - Σ(γ·dy)/m - x̂ · Σ(γ·dy·x̂)/m) / σ.
    package func backward(_ call: OperatorCall) {
        let channels = channels
        let pixels = call.batch * call.shape.output.pixels
        let parts = min(Self.parts, pixels)
        let gamma = call.parameters[0]
        call.parallel.forEach(parts) { part in
            let (projections, totals) = (call.scratch + part * 2 * channels, call.scratch + (part * 2 + 1) * channels)
            projections.update(repeating: 0, count: 2 * channels)
            for pixel in (pixels * part / parts)..<(pixels * (part + 1) / parts) {
                let (x, dy) = (call.inputs[0] + pixel * channels, call.outputGradient + pixel * channels)
                let (mean, inverseDeviation) = (call.saved[pixel * 2], call.saved[pixel * 2 + 1])
                Elementwise.map(channels, x, dy, projections, into: projections) { $2 + ($0 - mean) * inverseDeviation * $1 }
                Elementwise.add(channels, dy, to: totals)
                guard let target = call.inputGradients[0] else { continue }
                let total = sum(channels) { (gamma + $0).load($1) * (dy + $0).load($1) } / Float(channels)
                let projection =
                    sum(channels) { (gamma + $0).load($1) * (dy + $0).load($1) * ((x + $0).load($1) - mean) }
                    * inverseDeviation / Float(channels)
                let dx = target + pixel * channels
                let isAccumulating = call.accumulates[0]
                Elementwise.forEachVector(0..<channels) { channel, lanes in
                    let normal = ((x + channel).load(lanes) - mean) * inverseDeviation
                    var slope = (gamma + channel).load(lanes) * (dy + channel).load(lanes) - total - normal * projection
                    slope *= inverseDeviation
                    if isAccumulating { slope += (dx + channel).load(lanes) }
                    (dx + channel).store(slope, lanes)
                }
            }
        }
        for part in 0..<parts {
            Elementwise.add(channels, call.scratch + part * 2 * channels, to: call.parameterGradients[0])
            Elementwise.add(channels, call.scratch + (part * 2 + 1) * channels, to: call.parameterGradients[1])
        }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        coupling.norm(name, input: inputs[0], groups: 1)
        return inputs[0]
    }

    package func cut(_ kept: KeptChannels) -> LayerNorm { LayerNorm(name, channels: kept.output.count, epsilon: epsilon) }

    /// The normalised input.
    package var linearForm: LinearForm? { .scale }

    package func linearRows(_ call: OperatorCall, _ pixels: Range<Int>, into rows: UnsafeMutablePointer<Float>) {
        for (place, pixel) in pixels.enumerated() {
            let (mean, inverseDeviation) = (call.saved[pixel * 2], call.saved[pixel * 2 + 1])
            Elementwise.map(channels, call.inputs[0] + pixel * channels, into: rows + place * channels) { ($0 - mean) * inverseDeviation }
        }
    }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let layout = inputs[0].layout == .vector ? .vector : graph.pixelLayout(of: inputs[0])
        let (gamma, beta) = (graph.parameter(parameters[0]), graph.parameter(parameters[1]))
        let normal = graph.add(
            "LayerNormalization", [graph.value(inputs[0], in: layout), gamma, beta], ["axis": .integer(-1), "epsilon": .float(epsilon)])
        return OnnxValue(normal, layout, channels: channels)
    }
}
