/// Group normalisation (`nn.GroupNorm`, biased variance): each group of channels of each sample to mean 0 and variance 1, then γ, β.
package struct GroupNorm: Operator {
    let name: String
    let channels: Int
    let groups: Int
    let epsilon: Float

    /// - Parameters:
    ///   - name: the checkpoint's prefix of `.weight` and `.bias`.
    ///   - groups: must divide `channels`.
    package init(_ name: String, channels: Int, groups: Int, epsilon: Float) {
        self.name = name
        self.channels = channels
        self.groups = groups
        self.epsilon = epsilon
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

    package var backwardReads: BackwardReads { BackwardReads(inputs: true) }

    /// Mean and 1/σ per sample and group.
    package func savedCount(_ call: CallShape) -> Int { call.batch * groups * 2 }

    /// Per sample two sums, and per part the three coefficients of a channel.
    package func scratchCount(_ call: CallShape) -> Int { call.batch * channels * 6 }

    /// Calls `body(image, groups)` so that all threads have work even when there is a single sample.
    private func forEachPart(_ call: OperatorCall, _ body: (Int, Range<Int>) -> Void) {
        let parts = call.batch >= call.parallel.threads ? 1 : min(groups, call.parallel.threads)
        call.parallel.ranges(call.batch * parts) { range in
            for index in range {
                let part = index % parts
                body(index / parts, (groups * part / parts)..<(groups * (part + 1) / parts))
            }
        }
    }

    package func forward(_ call: OperatorCall) {
        let pixels = call.shape.output.pixels
        let size = channels / groups
        let inverseCount = 1 / Double(pixels * size)
        forEachPart(call) { image, groups in
            let first = groups.lowerBound * size
            let width = groups.count * size
            let x = call.inputs[0] + image * pixels * channels + first
            let y = call.output + image * pixels * channels + first
            let (gamma, beta) = (call.parameters[0] + first, call.parameters[1] + first)
            let scratch = call.scratch + image * channels * 6 + first * 6
            let (sums, means, scales, shifts) = (scratch, scratch + width, scratch + 2 * width, scratch + 3 * width)
            let saved = call.saved + (image * self.groups + groups.lowerBound) * 2

            sumOverPixels(width, pixels, into: sums, partial: scales) { pixel, channel, partial in
                Elementwise.map(width, x + pixel * channels, partial, into: partial) { $0 + $1 }
            }
            for group in 0..<groups.count {
                var sum = 0.0
                for channel in (group * size)..<((group + 1) * size) { sum += Double(sums[channel]) }
                saved[group * 2] = Float(sum * inverseCount)
                for channel in (group * size)..<((group + 1) * size) { means[channel] = saved[group * 2] }
            }
            sumOverPixels(width, pixels, into: sums, partial: scales) { pixel, channel, partial in
                Elementwise.map(width, x + pixel * channels, means, partial, into: partial) { ($0 - $1) * ($0 - $1) + $2 }
            }
            for group in 0..<groups.count {
                var sum = 0.0
                for channel in (group * size)..<((group + 1) * size) { sum += Double(sums[channel]) }
                let inverseDeviation = Float(1 / (sum * inverseCount + Double(epsilon)).squareRoot())
                saved[group * 2 + 1] = inverseDeviation
                for channel in (group * size)..<((group + 1) * size) {
                    scales[channel] = inverseDeviation * gamma[channel]
                    shifts[channel] = beta[channel] - means[channel] * scales[channel]
                }
            }
            for pixel in 0..<pixels {
                Elementwise.map(width, x + pixel * channels, scales, shifts, into: y + pixel * channels) { $0 * $1 + $2 }
            }
        }
    }

    /// Adds up `pixels` rows in blocks, so that rounding does not grow with the size of the map.
    @inline(__always)
    private func sumOverPixels(
        _ width: Int, _ pixels: Int, into sums: UnsafeMutablePointer<Float>, partial: UnsafeMutablePointer<Float>,
        _ add: (_ pixel: Int, _ channel: Int, _ partial: UnsafeMutablePointer<Float>) -> Void
    ) {
        sums.update(repeating: 0, count: width)
        var start = 0
        while start < pixels {
            let end = min(start + 128, pixels)
            partial.update(repeating: 0, count: width)
            for pixel in start..<end { add(pixel, 0, partial) }
            Elementwise.add(width, partial, to: sums)
            start = end
        }
    }

    /// With x̂ = (x - mean)/σ and sums over a group's m numbers:
    /// dγ = Σ dy·x̂, dβ = Σ dy, dx = (γ·dy - Σ(γ·dy)/m - x̂ · Σ(γ·dy·x̂)/m) / σ.
    package func backward(_ call: OperatorCall) {
        let pixels = call.shape.output.pixels
        let size = channels / groups
        let inverseCount = 1 / Float(pixels * size)
        let sumsOfAll = call.scratch  // (batch, 2, channels): Σ dy·x̂ and Σ dy over pixels
        let coefficientsOfAll = call.scratch + call.batch * channels * 2
        forEachPart(call) { image, groups in
            let first = groups.lowerBound * size
            let width = groups.count * size
            let start = image * pixels * channels + first
            let (x, dy) = (call.inputs[0] + start, call.outputGradient + start)
            let gamma = call.parameters[0] + first
            let saved = call.saved + (image * self.groups + groups.lowerBound) * 2
            let projections = sumsOfAll + image * channels * 2 + first
            let totals = sumsOfAll + image * channels * 2 + channels + first
            let coefficients = coefficientsOfAll + (image * channels + first) * 4
            // dx = dy · slope + x · bend + offset, per channel
            let (slope, bend, offset) = (coefficients, coefficients + width, coefficients + 2 * width)
            let partial = coefficients + 3 * width

            for channel in 0..<width { slope[channel] = saved[channel / size * 2] }
            sumOverPixels(width, pixels, into: totals, partial: partial) { pixel, _, partial in
                Elementwise.add(width, dy + pixel * channels, to: partial)
            }
            sumOverPixels(width, pixels, into: projections, partial: partial) { pixel, _, partial in
                let row = pixel * channels
                var channel = 0
                while channel + Elementwise.width <= width {
                    let centred = (x + row + channel).load() - (slope + channel).load()
                    let sum = (partial + channel).load() + (dy + row + channel).load() * centred
                    (partial + channel).store(sum)
                    channel += Elementwise.width
                }
                while channel < width {
                    partial[channel] += dy[row + channel] * (x[row + channel] - slope[channel])
                    channel += 1
                }
            }
            for group in 0..<groups.count {
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
                    slope[channel] = inverseDeviation * gamma[channel]
                    bend[channel] = b
                    offset[channel] = c
                }
            }
            guard let target = call.inputGradients[0] else { return }
            let dx = target + start
            for pixel in 0..<pixels {
                let row = pixel * channels
                if call.accumulates[0] {
                    Elementwise.add(width, offset, to: dx + row)
                } else {
                    (dx + row).update(from: offset, count: width)
                }
                Elementwise.map(width, dy + row, slope, dx + row, into: dx + row) { $0 * $1 + $2 }
                Elementwise.map(width, x + row, bend, dx + row, into: dx + row) { $0 * $1 + $2 }
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
        GroupNorm(name, channels: kept.output.count, groups: groups, epsilon: epsilon)
    }
}
