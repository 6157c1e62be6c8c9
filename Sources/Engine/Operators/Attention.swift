import Foundation

/// Multi-head self-attention over the pixels of a map: softmax(q·kᵀ / √d) · v per head, d = head width
/// (`F.scaled_dot_product_attention`). Inputs are the projected q, k and v; heads are runs of consecutive channels.
package struct Attention: Operator {
    let heads: Int

    /// Attention with the given number of heads, which divides the channels of q and of v.
    package init(heads: Int) {
        self.heads = heads
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 3, inputs[0] == inputs[1], inputs[0].pixels == inputs[2].pixels, heads > 0,
            inputs[0].channels % heads == 0, inputs[2].channels % heads == 0
        else {
            throw .shape(node: "", expected: "q, k and v of one size, each in \(heads) equal heads", found: "\(inputs)")
        }
        return inputs[2]
    }

    package var backwardReads: BackwardReads { BackwardReads(inputs: true) }

    /// The probabilities, (batch, heads, pixels, pixels), where backward needs them.
    package func savedCount(_ call: CallShape) -> Int {
        call.isTraining ? call.batch * heads * call.output.pixels * call.output.pixels : 0
    }

    /// Per thread one block of score rows going forward, a whole score matrix going back.
    package func scratchCount(_ call: CallShape) -> Int {
        let pixels = call.output.pixels
        return call.parallel.threads * pixels * (call.isTraining ? pixels : min(pixels, Self.queryBlock))
    }

    private static let queryBlock = 256

    /// One head of one image: where its q, k, v and output start.
    private struct Head {
        let query: Int
        let value: Int
        let probabilities: Int
    }

    private func head(_ index: Int, _ shape: CallShape) -> Head {
        let (image, head) = (index / heads, index % heads)
        let pixels = shape.output.pixels
        let (queryWidth, valueWidth) = (shape.inputs[0].channels, shape.output.channels)
        return Head(
            query: image * pixels * queryWidth + head * (queryWidth / heads),
            value: image * pixels * valueWidth + head * (valueWidth / heads),
            probabilities: index * pixels * pixels)
    }

    package func forward(_ call: OperatorCall) {
        let pixels = call.shape.output.pixels
        let (queryWidth, valueWidth) = (call.shape.inputs[0].channels, call.shape.output.channels)
        let (queryHead, valueHead) = (queryWidth / heads, valueWidth / heads)
        let (q, k, v) = (call.inputs[0], call.inputs[1], call.inputs[2])
        let scale = 1 / Float(queryHead).squareRoot()
        let block = min(pixels, Self.queryBlock)
        let blocks = (pixels + block - 1) / block
        let tasks = call.batch * heads * blocks
        let parts = min(call.parallel.threads, tasks)
        call.parallel.forEach(parts) { part in
            for task in (tasks * part / parts)..<(tasks * (part + 1) / parts) {
                let head = head(task / blocks, call.shape)
                let first = task % blocks * block
                let rows = min(block, pixels - first)
                let scores =
                    call.shape.isTraining ? call.saved + head.probabilities + first * pixels : call.scratch + part * block * pixels
                Matrix.multiply(
                    rows: rows, columns: pixels, inner: queryHead, alpha: scale, q + head.query + first * queryWidth, leading: queryWidth,
                    k + head.query, leading: queryWidth, transposeB: true, into: scores, leading: pixels)
                for row in 0..<rows { softmax(scores + row * pixels, pixels) }
                Matrix.multiply(
                    rows: rows, columns: valueHead, inner: pixels, scores, leading: pixels, v + head.value, leading: valueWidth,
                    into: call.output + head.value + first * valueWidth, leading: valueWidth)
            }
        }
    }

    private func softmax(_ row: UnsafeMutablePointer<Float>, _ count: Int) {
        var largest = row[0]
        for i in 1..<max(count, 1) { largest = max(largest, row[i]) }
        var sums = Vector.zero
        var i = 0
        while i + Elementwise.width <= count {
            let e = Elementwise.exp((row + i).load() - largest)
            (row + i).store(e)
            sums += e
            i += Elementwise.width
        }
        var sum = sums.sum()
        while i < count {
            row[i] = Foundation.exp(row[i] - largest)
            sum += row[i]
            i += 1
        }
        let inverse = 1 / sum
        Elementwise.map(count, row, into: row) { $0 * inverse }
    }

    /// With P the probabilities: dv = Pᵀ·do; dP = do·vᵀ; dS = P ∘ (dP - rowsum(P ∘ dP)) / √d; dq = dS·k; dk = dSᵀ·q.
    package func backward(_ call: OperatorCall) {
        let pixels = call.shape.output.pixels
        let (queryWidth, valueWidth) = (call.shape.inputs[0].channels, call.shape.output.channels)
        let (queryHead, valueHead) = (queryWidth / heads, valueWidth / heads)
        let (q, k, v) = (call.inputs[0], call.inputs[1], call.inputs[2])
        let scale = 1 / Float(queryHead).squareRoot()
        let beta = call.accumulates.map { $0 ? Float(1) : 0 }
        let tasks = call.batch * heads
        let parts = min(call.parallel.threads, tasks)
        call.parallel.forEach(parts) { part in
            let slopes = call.scratch + part * pixels * pixels
            for task in (tasks * part / parts)..<(tasks * (part + 1) / parts) {
                let head = head(task, call.shape)
                let probabilities = call.saved + head.probabilities
                let upstream = call.outputGradient + head.value
                Matrix.multiply(
                    rows: pixels, columns: pixels, inner: valueHead, upstream, leading: valueWidth,
                    v + head.value, leading: valueWidth, transposeB: true, into: slopes, leading: pixels)
                for row in 0..<pixels {
                    let (p, slope) = (probabilities + row * pixels, slopes + row * pixels)
                    var sum: Float = 0
                    var sums = Vector.zero
                    var i = 0
                    while i + Elementwise.width <= pixels {
                        sums += (p + i).load() * (slope + i).load()
                        i += Elementwise.width
                    }
                    while i < pixels {
                        sum += p[i] * slope[i]
                        i += 1
                    }
                    sum += sums.sum()
                    Elementwise.map(pixels, p, slope, into: slope) { $0 * ($1 - sum) * scale }
                }
                if let dq = call.inputGradients[0] {
                    Matrix.multiply(
                        rows: pixels, columns: queryHead, inner: pixels, slopes, leading: pixels, k + head.query, leading: queryWidth,
                        beta: beta[0], into: dq + head.query, leading: queryWidth)
                }
                if let dk = call.inputGradients[1] {
                    Matrix.multiply(
                        rows: pixels, columns: queryHead, inner: pixels, slopes, leading: pixels, transposeA: true,
                        q + head.query, leading: queryWidth, beta: beta[1], into: dk + head.query, leading: queryWidth)
                }
                // In the order of the inputs, as the executor counts who writes a gradient first and who adds to it.
                if let dv = call.inputGradients[2] {
                    Matrix.multiply(
                        rows: pixels, columns: valueHead, inner: pixels, probabilities, leading: pixels, transposeA: true,
                        upstream, leading: valueWidth, beta: beta[2], into: dv + head.value, leading: valueWidth)
                }
            }
        }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        coupling.attention(query: inputs[0], key: inputs[1], value: inputs[2], heads: heads)
        return inputs[2]
    }

    /// Heads of which nothing is left are gone; the others go on, narrower where channels were cut.
    package func cut(_ kept: KeptChannels) -> Attention {
        let headWidth = kept.inputWidths[0] / heads
        return Attention(heads: Set(kept.inputs[0].map { $0 / headWidth }).count)
    }

    package func multiplyAccumulates(inputs: [Shape], output: Shape) -> Int { 0 }
}
