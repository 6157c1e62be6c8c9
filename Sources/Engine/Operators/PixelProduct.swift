/// The product that a linear layer and a 1×1 convolution share: rows of pixels times a weight matrix, with bias.
struct PixelProduct {
    /// Pixels of the whole batch.
    let rows: Int
    let inChannels: Int
    let outChannels: Int

    /// Rows below which the output's columns are divided over the threads instead of its rows.
    private static let fewRows = 64

    /// y (rows × out) = x (rows × in) · Wᵀ + b
    func forward(_ call: OperatorCall) {
        let (x, y, weight, bias) = (call.inputs[0], call.output, call.parameters[0], call.parameters[1])
        if rows >= Self.fewRows * call.parallel.threads {
            call.parallel.ranges(rows) { range in
                forward(x + range.lowerBound * inChannels, y + range.lowerBound * outChannels, range.count, 0..<outChannels, weight, bias)
            }
        } else {
            call.parallel.ranges(outChannels, grain: 16) { columns in forward(x, y, rows, columns, weight, bias) }
        }
    }

    private func forward(
        _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Range<Int>,
        _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>
    ) {
        let first = columns.lowerBound
        for row in 0..<rows {
            (y + row * outChannels + first).update(from: bias + first, count: columns.count)
        }
        Matrix.multiply(
            rows: rows, columns: columns.count, inner: inChannels, x, leading: inChannels,
            weight + first * inChannels, leading: inChannels, transposeB: true, beta: 1, into: y + first, leading: outChannels)
    }

    /// dW += dyᵀ · x; db += Σ dy; dx = dy · W
    func backward(_ call: OperatorCall) {
        let (x, dy, weight) = (call.inputs[0], call.outputGradient, call.parameters[0])
        let (dW, db) = (call.parameterGradients[0], call.parameterGradients[1])
        call.parallel.ranges(outChannels, grain: 16) { range in
            let first = range.lowerBound
            Matrix.multiply(
                rows: range.count, columns: inChannels, inner: rows, dy + first, leading: outChannels, transposeA: true,
                x, leading: inChannels, beta: 1, into: dW + first * inChannels, leading: inChannels)
            for row in 0..<rows { Elementwise.add(range.count, dy + row * outChannels + first, to: db + first) }
        }
        guard let dx = call.inputGradients[0] else { return }
        let beta: Float = call.accumulates[0] ? 1 : 0
        if rows >= Self.fewRows * call.parallel.threads {
            call.parallel.ranges(rows) { range in
                Matrix.multiply(
                    rows: range.count, columns: inChannels, inner: outChannels,
                    dy + range.lowerBound * outChannels, leading: outChannels, weight, leading: inChannels,
                    beta: beta, into: dx + range.lowerBound * inChannels, leading: inChannels)
            }
        } else {
            call.parallel.ranges(inChannels, grain: 16) { range in
                Matrix.multiply(
                    rows: rows, columns: range.count, inner: outChannels, dy, leading: outChannels,
                    weight + range.lowerBound, leading: inChannels, beta: beta, into: dx + range.lowerBound, leading: inChannels)
            }
        }
    }
}
