/// Group normalisation (`nn.GroupNorm`, biased variance): each group of channels of each sample to mean 0 and variance 1, then γ, β;
/// and the SiLU that follows most of them, which saves two walks over memory and the map between.
package struct GroupNorm: Operator {
    let name: String
    let channels: Int
    let groups: Int
    let epsilon: Float
    /// Whether y = SiLU of the normalised x.
    let isActivated: Bool

    /// - Parameters:
    ///   - name: the checkpoint's prefix of `.weight` and `.bias`.
    ///   - groups: must divide `channels`.
    ///   - isActivated: whether SiLU follows.
    package init(_ name: String, channels: Int, groups: Int, epsilon: Float, isActivated: Bool = false) {
        self.name = name
        self.channels = channels
        self.groups = groups
        self.epsilon = epsilon
        self.isActivated = isActivated
    }

    package var parameters: [Parameter] {
        [Parameter("\(name).weight", [channels], .ones), Parameter("\(name).bias", [channels], .zeros)]
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 1, inputs[0].channels == channels, groups > 0, channels % groups == 0 else {
            throw .shape(node: "", expected: "\(channels) channels in \(groups) equal groups", found: "\(inputs)")
        }
        return inputs[0]
    }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 1) }

    package var isCheap: Bool { true }

    /// Mean and 1/σ per sample and group.
    package func savedCount(_ call: CallShape) -> Int { call.batch * groups * 2 }

    /// Per sample and channel sums and coefficients; per thread the gradient before the activation of one sample.
    package func scratchCount(_ call: CallShape) -> Int {
        let gradient = call.isTraining && isActivated ? call.parallel.threads * call.output.count : 0
        return call.batch * channels * 8 + gradient
    }

    /// The numbers of one sample and some of its groups, which one thread works on.
    private struct Part {
        let image: Int
        let groups: Range<Int>
        let thread: Int
    }

    /// Calls `body` so that all threads have work even when there is a single sample.
    private func forEachPart(_ call: OperatorCall, _ body: (Part) -> Void) {
        let perImage = call.batch >= call.parallel.threads ? 1 : min(groups, call.parallel.threads)
        let parts = call.batch * perImage
        let threads = min(call.parallel.threads, parts)
        call.parallel.forEach(threads) { thread in
            for index in (parts * thread / threads)..<(parts * (thread + 1) / threads) {
                let part = index % perImage
                body(
                    Part(
                        image: index / perImage, groups: (groups * part / perImage)..<(groups * (part + 1) / perImage), thread: thread))
            }
        }
    }

    package func forward(_ call: OperatorCall) {
        let pixels = call.shape.output.pixels
        let size = channels / groups
        let isActivated = isActivated
        forEachPart(call) { part in
            let first = part.groups.lowerBound * size
            let width = part.groups.count * size
            let x = call.inputs[0] + part.image * pixels * channels + first
            let y = call.output + part.image * pixels * channels + first
            let (gamma, beta) = (call.parameters[0] + first, call.parameters[1] + first)
            let scratch = call.scratch + (part.image * channels + first) * 8
            let (sums, squares, scales, shifts) = (scratch, scratch + width, scratch + 4 * width, scratch + 5 * width)
            let saved = call.saved + (part.image * groups + part.groups.lowerBound) * 2

            // One walk for mean and variance. Deviations from the first pixel are small where values are large but close together.
            sumOverPixels(width, pixels, sums, squares, partials: scratch + 2 * width) { pixel, channel, lanes in
                let deviation = (x + pixel * channels + channel).load(lanes) - (x + channel).load(lanes)
                return (deviation, deviation * deviation)
            }
            for group in 0..<part.groups.count {
                let members = (group * size)..<((group + 1) * size)
                var mean = 0.0
                for channel in members { mean += Double(x[channel]) + Double(sums[channel]) / Double(pixels) }
                mean /= Double(size)
                var variance = 0.0
                for channel in members {
                    let shift = Double(sums[channel]) / Double(pixels)
                    let offset = Double(x[channel]) + shift - mean
                    variance += max(0, Double(squares[channel]) / Double(pixels) - shift * shift) + offset * offset
                }
                let inverseDeviation = 1 / (variance / Double(size) + Double(epsilon)).squareRoot()
                saved[group * 2] = Float(mean)
                saved[group * 2 + 1] = Float(inverseDeviation)
                setCoefficients(members, mean: saved[group * 2], inverseDeviation: saved[group * 2 + 1], gamma, beta, scales, shifts)
            }
            for pixel in 0..<pixels {
                let row = pixel * channels
                // Not by `map`: a formula this long would not be compiled into its loop.
                Elementwise.forEachVector(0..<width) { channel, lanes in
                    var z = (x + row + channel).load(lanes) * (scales + channel).load(lanes) + (shifts + channel).load(lanes)
                    if isActivated { z *= Elementwise.sigmoid(z) }
                    (y + row + channel).store(z, lanes)
                }
            }
        }
    }

    /// z = x · scale + shift is the normalised x after γ and β.
    @inline(__always)
    private func setCoefficients(
        _ members: Range<Int>, mean: Float, inverseDeviation: Float, _ gamma: UnsafePointer<Float>, _ beta: UnsafePointer<Float>,
        _ scales: UnsafeMutablePointer<Float>, _ shifts: UnsafeMutablePointer<Float>
    ) {
        for channel in members {
            scales[channel] = inverseDeviation * gamma[channel]
            shifts[channel] = beta[channel] - mean * scales[channel]
        }
    }

    /// Adds up two numbers per channel over all pixels, in blocks, so that rounding does not grow with the size of the map.
    @inline(__always)
    private func sumOverPixels(
        _ width: Int, _ pixels: Int, _ first: UnsafeMutablePointer<Float>, _ second: UnsafeMutablePointer<Float>,
        partials: UnsafeMutablePointer<Float>, _ numbers: (_ pixel: Int, _ channel: Int, _ lanes: Int) -> (Vector, Vector)
    ) {
        first.update(repeating: 0, count: width)
        second.update(repeating: 0, count: width)
        var start = 0
        while start < pixels {
            let end = min(start + 128, pixels)
            partials.update(repeating: 0, count: 2 * width)
            for pixel in start..<end {
                Elementwise.forEachVector(0..<width) { channel, lanes in
                    let (a, b) = numbers(pixel, channel, lanes)
                    (partials + channel).store((partials + channel).load(lanes) + a, lanes)
                    (partials + width + channel).store((partials + width + channel).load(lanes) + b, lanes)
                }
            }
            Elementwise.add(width, partials, to: first)
            Elementwise.add(width, partials + width, to: second)
            start = end
        }
    }

    /// With x̂ = (x - mean)/σ, dz the gradient before the activation and sums over a group's m numbers:
    /// dγ = Σ dz·x̂, dβ = Σ dz, dx = (γ·dz - Σ(γ·dz)/m - x̂ · Σ(γ·dz·x̂)/m) / σ.
    package func backward(_ call: OperatorCall) {
        let pixels = call.shape.output.pixels
        let size = channels / groups
        let inverseCount = 1 / Float(pixels * size)
        let isActivated = isActivated
        let sumsOfAll = call.scratch  // (batch, 2, channels): Σ dz·x̂ and Σ dz over pixels
        let coefficientsOfAll = call.scratch + call.batch * channels * 2
        forEachPart(call) { part in
            let first = part.groups.lowerBound * size
            let width = part.groups.count * size
            let start = part.image * pixels * channels + first
            let (x, dy) = (call.inputs[0] + start, call.outputGradient + start)
            let gamma = call.parameters[0] + first
            let saved = call.saved + (part.image * groups + part.groups.lowerBound) * 2
            let projections = sumsOfAll + part.image * channels * 2 + first
            let totals = projections + channels
            let coefficients = coefficientsOfAll + (part.image * channels + first) * 6
            // dx = dz · scale + x · bend + offset, per channel
            let (scales, shifts, means) = (coefficients, coefficients + width, coefficients + 2 * width)
            let (bend, offset) = (coefficients + 3 * width, coefficients + 4 * width)
            let partials = coefficients + 3 * width  // not at the same time as bend and offset
            let dz = call.scratch + call.batch * channels * 8 + part.thread * pixels * channels

            for group in 0..<part.groups.count {
                let members = (group * size)..<((group + 1) * size)
                setCoefficients(
                    members, mean: saved[group * 2], inverseDeviation: saved[group * 2 + 1], gamma, call.parameters[1] + first, scales,
                    shifts)
                for channel in members { means[channel] = saved[group * 2] }
            }
            sumOverPixels(width, pixels, projections, totals, partials: partials) { pixel, channel, lanes in
                let value = (x + pixel * channels + channel).load(lanes)
                var gradient = (dy + pixel * channels + channel).load(lanes)
                if isActivated {
                    let z = value * (scales + channel).load(lanes) + (shifts + channel).load(lanes)
                    let sigmoid = Elementwise.sigmoid(z)
                    gradient *= sigmoid * (1 + z * (1 - sigmoid))
                    (dz + pixel * width + channel).store(gradient, lanes)
                }
                return (gradient * (value - (means + channel).load(lanes)), gradient)
            }
            for group in 0..<part.groups.count {
                let (mean, inverseDeviation) = (saved[group * 2], saved[group * 2 + 1])
                var (total, projection): (Float, Float) = (0, 0)
                for channel in (group * size)..<((group + 1) * size) {
                    projections[channel] *= inverseDeviation
                    total += gamma[channel] * totals[channel]
                    projection += gamma[channel] * projections[channel]
                }
                let b = -inverseDeviation * inverseDeviation * projection * inverseCount
                let c = -inverseDeviation * total * inverseCount - b * mean
                for channel in (group * size)..<((group + 1) * size) {
                    bend[channel] = b
                    offset[channel] = c
                }
            }
            guard let target = call.inputGradients[0] else { return }
            let isAccumulating = call.accumulates[0]
            for pixel in 0..<pixels {
                let row = pixel * channels
                let gradient = isActivated ? UnsafePointer(dz + pixel * width) : UnsafePointer(dy + row)
                let dx = target + start + row
                Elementwise.forEachVector(0..<width) { channel, lanes in
                    var sum = (gradient + channel).load(lanes) * (scales + channel).load(lanes) + (offset + channel).load(lanes)
                    sum += (x + row + channel).load(lanes) * (bend + channel).load(lanes)
                    if isAccumulating { sum += (dx + channel).load(lanes) }
                    (dx + channel).store(sum, lanes)
                }
            }
        }
        for image in 0..<call.batch {
            Elementwise.add(channels, sumsOfAll + image * channels * 2, to: call.parameterGradients[0])
            Elementwise.add(channels, sumsOfAll + image * channels * 2 + channels, to: call.parameterGradients[1])
        }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        coupling.norm(name, input: inputs[0], groups: groups)
        return inputs[0]
    }

    package func cut(_ kept: KeptChannels) -> GroupNorm {
        GroupNorm(name, channels: kept.output.count, groups: groups, epsilon: epsilon, isActivated: isActivated)
    }

    /// The normalised input.
    package var linearForm: LinearForm? { .scale }

    package func linearRows(_ call: OperatorCall, _ pixels: Range<Int>, into rows: UnsafeMutablePointer<Float>) {
        let size = channels / groups
        for (place, pixel) in pixels.enumerated() {
            let statistics = call.saved + pixel / call.shape.output.pixels * groups * 2
            let (x, row) = (call.inputs[0] + pixel * channels, rows + place * channels)
            for group in 0..<groups {
                let (mean, inverseDeviation) = (statistics[group * 2], statistics[group * 2 + 1])
                for channel in (group * size)..<((group + 1) * size) { row[channel] = (x[channel] - mean) * inverseDeviation }
            }
        }
    }

    /// Not GroupNormalization, which opset 18 has in a form that was withdrawn, and not every runtime in that of 21: groups as the channels of an
    /// InstanceNormalization, then scale and shift.
    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let map = graph.map(inputs[0])
        let flat = graph.add("Reshape", [map, graph.constant([0, groups, -1])])
        let (ones, zeros) = (
            graph.constant([Float](repeating: 1, count: groups), [groups]), graph.constant([Float](repeating: 0, count: groups), [groups])
        )
        let normal = graph.add("InstanceNormalization", [flat, ones, zeros], ["epsilon": .float(epsilon)])
        var result = graph.add("Reshape", [normal, graph.once("shape \(map)") { $0.add("Shape", [map]) }])
        let (gamma, beta) = (graph.parameter(parameters[0]), graph.parameter(parameters[1]))
        result = graph.sum(graph.product(result, graph.channels(gamma, in: .map)), graph.channels(beta, in: .map))
        if isActivated { result = ActivationFunction.silu.onnx(result, in: &graph) }
        return OnnxValue(result, .map, channels: channels)
    }
}
