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

    package var backwardReads: BackwardReads { BackwardReads(inputs: 3) }

    /// The logarithm of each row's sum of exponentials, (batch, heads, pixels), from which backward finds the probabilities again:
    /// they themselves would be the largest thing in memory.
    package func savedCount(_ call: CallShape) -> Int { call.isTraining ? call.batch * heads * call.output.pixels : 0 }

    /// Per thread a block of score rows, and of their slopes going back.
    package func scratchCount(_ call: CallShape) -> Int {
        call.parallel.threads * (call.isTraining ? 2 : 1) * blockRows(call) * call.output.pixels
    }

    /// Rows of a block: a mebibyte of scores stays in a core's own cache.
    private func blockRows(_ call: CallShape) -> Int {
        min(call.output.pixels, max(16, min(256, (1 << 18) / call.output.pixels)))
    }

    /// One head of one image: where its q, k and v start, and its saved row sums.
    private struct Head {
        let query: Int
        let value: Int
        let saved: Int
    }

    private func head(_ index: Int, _ shape: CallShape) -> Head {
        let (image, head) = (index / heads, index % heads)
        let pixels = shape.output.pixels
        let (queryWidth, valueWidth) = (shape.inputs[0].channels, shape.output.channels)
        return Head(
            query: image * pixels * queryWidth + head * (queryWidth / heads),
            value: image * pixels * valueWidth + head * (valueWidth / heads), saved: index * pixels)
    }

    package func forward(_ call: OperatorCall) {
        let pixels = call.shape.output.pixels
        let (queryWidth, valueWidth) = (call.shape.inputs[0].channels, call.shape.output.channels)
        let (queryHead, valueHead) = (queryWidth / heads, valueWidth / heads)
        let (q, k, v) = (call.inputs[0], call.inputs[1], call.inputs[2])
        let scale = 1 / Float(queryHead).squareRoot()
        let block = blockRows(call.shape)
        let blocks = (pixels + block - 1) / block
        let tasks = call.batch * heads * blocks
        let parts = min(call.parallel.threads, tasks)
        call.parallel.forEach(parts) { part in
            let scores = call.scratch + part * block * pixels
            for task in (tasks * part / parts)..<(tasks * (part + 1) / parts) {
                let head = head(task / blocks, call.shape)
                let first = task % blocks * block
                let rows = min(block, pixels - first)
                Matrix.multiply(
                    rows: rows, columns: pixels, inner: queryHead, alpha: scale, q + head.query + first * queryWidth, leading: queryWidth,
                    k + head.query, leading: queryWidth, transposeB: true, into: scores, leading: pixels)
                for row in 0..<rows {
                    let logarithm = softmax(scores + row * pixels, pixels)
                    if call.shape.isTraining { call.saved[head.saved + first + row] = logarithm }
                }
                Matrix.multiply(
                    rows: rows, columns: valueHead, inner: pixels, scores, leading: pixels, v + head.value, leading: valueWidth,
                    into: call.output + head.value + first * valueWidth, leading: valueWidth)
            }
        }
    }

    /// Makes a row of scores probabilities; returns the logarithm of the sum of their exponentials.
    private func softmax(_ row: UnsafeMutablePointer<Float>, _ count: Int) -> Float {
        var largest = row[0]
        if count >= Elementwise.width {
            var lanes = row.load()
            Elementwise.forEachVector(0..<count) { i, width in
                guard width == Elementwise.width else { return }
                let scores = (row + i).load()
                lanes.replace(with: scores, where: scores .> lanes)
            }
            largest = lanes.max()
        }
        for i in (count / Elementwise.width * Elementwise.width)..<count { largest = max(largest, row[i]) }
        var sums = Vector.zero
        var sum: Float = 0
        Elementwise.forEachVector(0..<count) { i, width in
            let e = Elementwise.exp((row + i).load(width) - largest)
            (row + i).store(e, width)
            if width == Elementwise.width { sums += e } else { for lane in 0..<width { sum += e[lane] } }
        }
        sum += sums.sum()
        let inverse = 1 / sum
        Elementwise.map(count, row, into: row) { $0 * inverse }
        return largest + Foundation.log(sum)
    }

    /// With P the probabilities: dv = Pᵀ·do; dP = do·vᵀ; dS = P ∘ (dP - rowsum(P ∘ dP)) / √d; dq = dS·k; dk = dSᵀ·q; a block of
    /// query rows at a time.
    package func backward(_ call: OperatorCall) {
        let pixels = call.shape.output.pixels
        let (queryWidth, valueWidth) = (call.shape.inputs[0].channels, call.shape.output.channels)
        let (queryHead, valueHead) = (queryWidth / heads, valueWidth / heads)
        let (q, k, v) = (call.inputs[0], call.inputs[1], call.inputs[2])
        let scale = 1 / Float(queryHead).squareRoot()
        let block = blockRows(call.shape)
        let tasks = call.batch * heads
        let parts = min(call.parallel.threads, tasks)
        call.parallel.forEach(parts) { part in
            let scores = call.scratch + part * 2 * block * pixels
            let slopes = scores + block * pixels
            for task in (tasks * part / parts)..<(tasks * (part + 1) / parts) {
                let head = head(task, call.shape)
                // Zero first and add from then on: blocks follow each other, and two of the inputs may be one.
                for (index, target) in call.inputGradients.enumerated() where !call.accumulates[index] {
                    guard let target else { continue }
                    let (start, leading, width) = index < 2 ? (head.query, queryWidth, queryHead) : (head.value, valueWidth, valueHead)
                    for pixel in 0..<pixels { (target + start + pixel * leading).update(repeating: 0, count: width) }
                }
                for first in stride(from: 0, to: pixels, by: block) {
                    let rows = min(block, pixels - first)
                    let queries = q + head.query + first * queryWidth
                    let upstream = call.outputGradient + head.value + first * valueWidth
                    Matrix.multiply(
                        rows: rows, columns: pixels, inner: queryHead, alpha: scale, queries, leading: queryWidth,
                        k + head.query, leading: queryWidth, transposeB: true, into: scores, leading: pixels)
                    Matrix.multiply(
                        rows: rows, columns: pixels, inner: valueHead, upstream, leading: valueWidth,
                        v + head.value, leading: valueWidth, transposeB: true, into: slopes, leading: pixels)
                    for row in 0..<rows {
                        slope(
                            scores + row * pixels, slopes + row * pixels, pixels, logarithm: call.saved[head.saved + first + row],
                            scale: scale)
                    }
                    if let dq = call.inputGradients[0] {
                        Matrix.multiply(
                            rows: rows, columns: queryHead, inner: pixels, slopes, leading: pixels, k + head.query, leading: queryWidth,
                            beta: 1, into: dq + head.query + first * queryWidth, leading: queryWidth)
                    }
                    if let dk = call.inputGradients[1] {
                        Matrix.multiply(
                            rows: pixels, columns: queryHead, inner: rows, slopes, leading: pixels, transposeA: true,
                            queries, leading: queryWidth, beta: 1, into: dk + head.query, leading: queryWidth)
                    }
                    if let dv = call.inputGradients[2] {
                        Matrix.multiply(
                            rows: pixels, columns: valueHead, inner: rows, scores, leading: pixels, transposeA: true,
                            upstream, leading: valueWidth, beta: 1, into: dv + head.value, leading: valueWidth)
                    }
                }
            }
        }
    }

    /// Makes a row of scores its probabilities again, and a row of dP the row of dS.
    private func slope(
        _ scores: UnsafeMutablePointer<Float>, _ slopes: UnsafeMutablePointer<Float>, _ count: Int, logarithm: Float, scale: Float
    ) {
        var sums = Vector.zero
        var sum: Float = 0
        Elementwise.forEachVector(0..<count) { i, width in
            let p = Elementwise.exp((scores + i).load(width) - logarithm)
            (scores + i).store(p, width)
            let product = p * (slopes + i).load(width)
            if width == Elementwise.width { sums += product } else { for lane in 0..<width { sum += product[lane] } }
        }
        sum += sums.sum()
        let mean = sum
        Elementwise.map(count, scores, slopes, into: slopes) { $0 * ($1 - mean) * scale }
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
