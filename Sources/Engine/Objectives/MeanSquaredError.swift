/// mean((y - target)²) over all numbers of an output y, or of its first channels: the sum and the slope of an ``Objective`` that compares an
/// output with a target; or mean(|y - target|).
package struct MeanSquaredError {
    /// y.
    package let output: Executor.Binding
    /// How many of its channels are compared, the first.
    private let channels: Int
    /// What they are compared with: (batch, height, width, channels).
    package let target: Buffer

    /// Room for the targets of as many samples as the executor takes at once.
    ///
    /// - Parameter channels: how many channels are compared; nil is all.
    package init(_ output: Executor.Binding, batch: Int, channels: Int? = nil) {
        self.output = output
        self.channels = channels ?? output.shape.channels
        target = Buffer(count: batch * output.shape.pixels * self.channels)
    }

    /// Numbers of one sample.
    package var terms: Int { output.shape.pixels * channels }

    private var comparesAll: Bool { channels == output.shape.channels }

    /// Where in y stands what is compared with a place of the target.
    @inline(__always)
    private func place(_ i: Int) -> Int { i / channels * output.shape.channels + i % channels }

    /// The sum of the squared errors of the first `count` samples.
    package func sum(of count: Int) -> Double {
        let (y, target) = (output.values, target.pointer)
        return comparesAll ? squares(of: count) { y[$0] - target[$0] } : squares(of: count) { y[place($0)] - target[$0] }
    }

    /// The sum of the magnitudes of the errors of the first `count` samples, of which all channels are compared.
    package func magnitudes(of count: Int) -> Double {
        let (y, target) = (output.values, target.pointer)
        return sum(of: count) { abs(y[$0] - target[$0]) }
    }

    /// Writes dL/dy = sign(y - target) / (samples · terms) of the first `count` samples, L being the mean of the magnitudes.
    package func signs(of count: Int, among samples: Int) {
        guard let gradient = output.gradient else { return }
        let (y, target, scale) = (output.values, target.pointer, 1 / Float(samples * terms))
        for i in 0..<(count * terms) { gradient[i] = y[i] > target[i] ? scale : y[i] < target[i] ? -scale : 0 }
    }

    /// The sum of the squares of what the first `count` samples are compared with.
    package func targetSquares(of count: Int) -> Double {
        let target = target.pointer
        return squares(of: count) { target[$0] }
    }

    @inline(__always)
    private func squares(of count: Int, _ number: (Int) -> Float) -> Double {
        sum(of: count) { i in
            let value = number(i)
            return value * value
        }
    }

    @inline(__always)
    private func sum(of count: Int, _ term: (Int) -> Float) -> Double {
        let terms = terms
        var total = 0.0
        for image in 0..<count {
            var sum: Float = 0
            for i in (image * terms)..<((image + 1) * terms) {
                sum += term(i)
                // Summed in short runs so that rounding stays far below float32's.
                if i % 256 == 255 {
                    total += Double(sum)
                    sum = 0
                }
            }
            total += Double(sum)
        }
        return total
    }

    /// Writes dL/dy = share · 2 (y - target) / (samples · terms) of the first `count` samples.
    ///
    /// - Parameters:
    ///   - share: of this error in the loss L.
    ///   - adding: whether it is added to what others have written.
    package func gradient(of count: Int, among samples: Int, share: Float = 1, adding: Bool = false) {
        guard let gradient = output.gradient else { return }
        let scale = 2 * share / Float(samples * terms)
        guard comparesAll else {
            if !adding { gradient.update(repeating: 0, count: count * output.shape.count) }
            for i in 0..<(count * terms) { gradient[place(i)] += (output.values[place(i)] - target.pointer[i]) * scale }
            return
        }
        if adding {
            Elementwise.map(count * terms, output.values, target.pointer, gradient, into: gradient) { ($0 - $1) * scale + $2 }
        } else {
            Elementwise.map(count * terms, output.values, target.pointer, into: gradient) { ($0 - $1) * scale }
        }
    }
}
