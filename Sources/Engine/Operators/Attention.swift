/// Multi-head attention: softmax(q·kᵀ / √d) · v per head, d = head width (`F.scaled_dot_product_attention`).
///
/// Inputs are the projected q, k and v; heads are runs of consecutive channels. q's pixels look at k's and v's, which are the same ones (of
/// self-attention) or those of another map, such as the tokens of a text. Never is the whole map of scores in memory (``AttentionBlock``).
package struct Attention: Operator {
    let heads: Int
    /// Whether a pixel looks at none that come after it.
    let isCausal: Bool

    /// Attention with the given number of heads, which divides the channels of q and of v.
    package init(heads: Int, isCausal: Bool = false) {
        self.heads = heads
        self.isCausal = isCausal
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 3, inputs[0].channels == inputs[1].channels, inputs[1].pixels == inputs[2].pixels, heads > 0,
            inputs[0].channels % heads == 0, inputs[2].channels % heads == 0, !isCausal || inputs[0].pixels == inputs[1].pixels
        else {
            throw .shape(node: "", expected: "q and k of one width, k and v of one size, each in \(heads) equal heads", found: "\(inputs)")
        }
        return inputs[0].with(channels: inputs[2].channels)
    }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 3) }

    /// The logarithm of each row's sum of exponentials, (batch, heads, pixels), from which backward finds the probabilities again.
    package func savedCount(_ call: CallShape) -> Int { call.isTraining ? call.batch * heads * call.output.pixels : 0 }

    package func scratchCount(_ call: CallShape) -> Int { call.parallel.threads * size(call).count }

    private func size(_ call: CallShape) -> AttentionBlock.Size {
        AttentionBlock.Size(
            keys: call.inputs[1].pixels, queries: call.output.pixels, queryHead: call.inputs[0].channels / heads,
            valueHead: call.output.channels / heads, isTraining: call.isTraining)
    }

    /// One head of one image: where its q, k, v and output start, and its saved row sums.
    private struct Head {
        let query: Int
        let key: Int
        let value: Int
        let output: Int
        let saved: Int
    }

    private func head(_ index: Int, _ shape: CallShape) -> Head {
        let (image, head) = (index / heads, index % heads)
        let (queries, keys) = (shape.output.pixels, shape.inputs[1].pixels)
        let (queryWidth, valueWidth) = (shape.inputs[0].channels, shape.output.channels)
        let (queryStart, valueStart) = (head * (queryWidth / heads), head * (valueWidth / heads))
        return Head(
            query: image * queries * queryWidth + queryStart, key: image * keys * queryWidth + queryStart,
            value: image * keys * valueWidth + valueStart, output: image * queries * valueWidth + valueStart, saved: index * queries)
    }

    package func forward(_ call: OperatorCall) {
        let queries = call.shape.output.pixels
        let (queryWidth, valueWidth) = (call.shape.inputs[0].channels, call.shape.output.channels)
        let size = size(call.shape)
        let blocks = (queries + size.rows - 1) / size.rows
        let tasks = call.batch * heads * blocks
        let parts = min(call.parallel.threads, tasks)
        call.parallel.forEach(parts) { part in
            let block = AttentionBlock(size, in: call.scratch + part * size.count)
            var laidOut = -1
            for task in (tasks * part / parts)..<(tasks * (part + 1) / parts) {
                let head = head(task / blocks, call.shape)
                if laidOut != task / blocks {
                    block.setForward(call.inputs[1] + head.key, apart: queryWidth, call.inputs[2] + head.value, apart: valueWidth)
                    laidOut = task / blocks
                }
                let first = task % blocks * size.rows
                let rows = min(size.rows, queries - first)
                block.setScores(call.inputs[0] + head.query + first * queryWidth, apart: queryWidth, rows: rows)
                for row in 0..<rows {
                    let logarithm = block.softmax(row, limit: limit(first + row, size.keys))
                    if call.shape.isTraining { call.saved[head.saved + first + row] = logarithm }
                }
                block.setOutput(rows: rows, call.output + head.output + first * valueWidth, apart: valueWidth)
            }
        }
    }

    /// Keys that a query looks at.
    private func limit(_ query: Int, _ keys: Int) -> Int { isCausal ? query + 1 : keys }

    /// With P the probabilities: dv = Pᵀ·do; dP = do·vᵀ; dS = P ∘ (dP - rowsum(P ∘ dP)) / √d; dq = dS·k; dk = dSᵀ·q; a block of
    /// query rows at a time.
    package func backward(_ call: OperatorCall) {
        let queries = call.shape.output.pixels
        let (queryWidth, valueWidth) = (call.shape.inputs[0].channels, call.shape.output.channels)
        let size = size(call.shape)
        let tasks = call.batch * heads
        let parts = min(call.parallel.threads, tasks)
        call.parallel.forEach(parts) { part in
            let block = AttentionBlock(size, in: call.scratch + part * size.count)
            for task in (tasks * part / parts)..<(tasks * (part + 1) / parts) {
                let head = head(task, call.shape)
                startGradients(call, head, size)
                block.setBackward(call.inputs[1] + head.key, apart: queryWidth, call.inputs[2] + head.value, apart: valueWidth)
                for first in stride(from: 0, to: queries, by: size.rows) {
                    let rows = min(size.rows, queries - first)
                    let (query, output) = (head.query + first * queryWidth, head.output + first * valueWidth)
                    block.setScores(call.inputs[0] + query, apart: queryWidth, rows: rows)
                    block.setSlopes(call.outputGradient + output, apart: valueWidth, rows: rows)
                    for row in 0..<rows {
                        block.slope(row, logarithm: call.saved[head.saved + first + row], limit: limit(first + row, size.keys))
                    }
                    if let dq = call.inputGradients[0] { block.addQueryGradient(rows: rows, dq + query, apart: queryWidth) }
                    if let dk = call.inputGradients[1] { block.addKeyGradient(rows: rows, dk + head.key, apart: queryWidth) }
                    if let dv = call.inputGradients[2] { block.addValueGradient(rows: rows, dv + head.value, apart: valueWidth) }
                }
            }
        }
    }

    /// Zero first and add from then on: blocks follow each other, and two of the inputs may be one.
    private func startGradients(_ call: OperatorCall, _ head: Head, _ size: AttentionBlock.Size) {
        let starts = [head.query, head.key, head.value]
        let widths = [size.queryHead, size.queryHead, size.valueHead]
        for (index, target) in call.inputGradients.enumerated() where !call.accumulates[index] {
            guard let target else { continue }
            let shape = call.shape.inputs[index]
            for pixel in 0..<shape.pixels {
                (target + starts[index] + pixel * shape.channels).update(repeating: 0, count: widths[index])
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
        return Attention(heads: Set(kept.inputs[0].map { $0 / headWidth }).count, isCausal: isCausal)
    }

    package func multiplyAccumulates(inputs: [Shape], output: Shape) -> Int { 0 }
}
