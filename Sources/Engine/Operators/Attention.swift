/// Multi-head attention: softmax(q·kᵀ / √d) · v per head, d = head width (`F.scaled_dot_product_attention`).
///
/// Inputs are the projected q, k and v; heads are runs of consecutive channels. q's pixels look at k's and v's, which are the same ones (of
/// self-attention) or those of another map, such as the tokens of a text. Never is the whole map of scores in memory (``AttentionStream``, ``AttentionBlock``).
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

    package func scratchCount(_ call: CallShape) -> Int {
        let forward = call.parallel.threads * stream(call).count
        guard call.isTraining else { return forward }
        let size = size(call)
        return max(forward, call.parallel.threads * size.count + sharedCount(call, size) * (splits(call) - 1))
    }

    /// Into how many parts backward divides the queries of a head: more than one where there are fewer heads than threads.
    private func splits(_ call: CallShape) -> Int {
        let tasks = call.batch * heads
        return min((call.parallel.threads + tasks - 1) / tasks, (call.output.pixels + size(call).rows - 1) / size(call).rows)
    }

    /// Floats of dk and dv of all heads that a part of the queries has for itself.
    private func sharedCount(_ call: CallShape, _ size: AttentionBlock.Size) -> Int {
        call.batch * heads * size.keys * (size.queryHead + size.valueHead)
    }

    private func size(_ call: CallShape) -> AttentionBlock.Size {
        AttentionBlock.Size(
            keys: call.inputs[1].pixels, queries: call.output.pixels, queryHead: call.inputs[0].channels / heads,
            valueHead: call.output.channels / heads)
    }

    private func stream(_ call: CallShape) -> AttentionStream.Size {
        AttentionStream.Size(
            keys: call.inputs[1].pixels, queries: call.output.pixels, queryHead: call.inputs[0].channels / heads,
            valueHead: call.output.channels / heads)
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
        let size = stream(call.shape)
        let blocks = (queries + size.rows - 1) / size.rows
        let tasks = call.batch * heads * blocks
        let parts = min(call.parallel.threads, tasks)
        call.parallel.forEach(parts) { part in
            let stream = AttentionStream(size, in: call.scratch + part * size.count)
            var laidOut = -1
            for task in (tasks * part / parts)..<(tasks * (part + 1) / parts) {
                let head = head(task / blocks, call.shape)
                if laidOut != task / blocks {
                    stream.set(call.inputs[1] + head.key, apart: queryWidth, call.inputs[2] + head.value, apart: valueWidth)
                    laidOut = task / blocks
                }
                let first = task % blocks * size.rows
                stream.attend(
                    call.inputs[0] + head.query + first * queryWidth, apart: queryWidth, rows: min(size.rows, queries - first),
                    limit: { limit(first + $0, size.keys) }, into: call.output + head.output + first * valueWidth, apart: valueWidth
                ) { row, logarithm in
                    if call.shape.isTraining { call.saved[head.saved + first + row] = logarithm }
                }
            }
        }
    }

    /// Keys that a query looks at.
    private func limit(_ query: Int, _ keys: Int) -> Int { isCausal ? query + 1 : keys }

    /// With P the probabilities: dv = Pᵀ·do; dP = do·vᵀ; dS = P ∘ (dP - rowsum(P ∘ dP)) / √d; dq = dS·k; dk = dSᵀ·q; a block of
    /// query rows at a time. Parts of a head's queries, but the first, have dk and dv of their own, which are added up in their order.
    package func backward(_ call: OperatorCall) {
        let size = size(call.shape)
        let (dq, dk, dv) = (call.inputGradients[0], call.inputGradients[1], call.inputGradients[2])
        // Where q is k or v too, one part's rows are another's keys.
        let splits = dq != nil && (dq == dk || dq == dv) ? 1 : splits(call.shape)
        let blocks = (call.shape.output.pixels + size.rows - 1) / size.rows
        let own = call.scratch + call.parallel.threads * size.count
        let (ownKeys, ownHead) = (size.keys * size.queryHead, size.keys * (size.queryHead + size.valueHead))
        let tasks = call.batch * heads
        call.parallel.forEach(tasks) { startGradients(call, head($0, call.shape), size) }
        call.parallel.forEach(tasks * splits) { index, worker in
            let (task, split) = (index / splits, index % splits)
            let head = head(task, call.shape)
            let (queryWidth, valueWidth) = (call.shape.inputs[0].channels, call.shape.output.channels)
            let block = AttentionBlock(size, in: call.scratch + worker * size.count)
            block.setBackward(call.inputs[1] + head.key, apart: queryWidth, call.inputs[2] + head.value, apart: valueWidth)
            var keys = (dk.map { $0 + head.key }, queryWidth)
            var values = (dv.map { $0 + head.value }, valueWidth)
            if split > 0 {
                let start = own + ((split - 1) * tasks + task) * ownHead
                start.update(repeating: 0, count: ownHead)
                keys = (dk.map { _ in start }, size.queryHead)
                values = (dv.map { _ in start + ownKeys }, size.valueHead)
            }
            for number in (blocks * split / splits)..<(blocks * (split + 1) / splits) {
                let first = number * size.rows
                let rows = min(size.rows, call.shape.output.pixels - first)
                let (query, output) = (head.query + first * queryWidth, head.output + first * valueWidth)
                block.setScores(call.inputs[0] + query, apart: queryWidth, rows: rows)
                block.setSlopes(
                    call.inputs[0] + query, apart: queryWidth, call.outputGradient + output, apart: valueWidth, rows: rows)
                for row in 0..<rows {
                    block.slope(row, logarithm: call.saved[head.saved + first + row], limit: limit(first + row, size.keys))
                }
                if let dq { block.addQueryGradient(rows: rows, dq + query, apart: queryWidth) }
                if let target = keys.0 { block.addKeyGradient(rows: rows, target, apart: keys.1) }
                if let target = values.0 { block.addValueGradient(rows: rows, target, apart: values.1) }
            }
        }
        guard splits > 1 else { return }
        call.parallel.forEach(tasks) { task in
            let head = head(task, call.shape)
            for split in 1..<splits {
                let start = own + ((split - 1) * tasks + task) * ownHead
                for key in 0..<size.keys {
                    let (keyStart, valueStart) = (start + key * size.queryHead, start + ownKeys + key * size.valueHead)
                    if let dk { Elementwise.add(size.queryHead, keyStart, to: dk + head.key + key * call.shape.inputs[1].channels) }
                    if let dv { Elementwise.add(size.valueHead, valueStart, to: dv + head.value + key * call.shape.inputs[2].channels) }
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

    /// Reshape and Transpose to (batch, heads, pixels, d), two MatMuls around a Softmax, and back.
    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let (query, key, value) = (graph.pixels(inputs[0]), graph.pixels(inputs[1]), graph.pixels(inputs[2]))
        let apart = graph.constant([0, 0, heads, -1])
        func headed(_ pixels: String, _ order: [Int]) -> String {
            graph.add("Transpose", [graph.add("Reshape", [pixels, apart])], ["perm": .integers(order)])
        }
        let scaled = graph.product(headed(query, [0, 2, 1, 3]), 1 / Float(inputs[0].channels / heads).squareRoot())
        var scores = graph.add("MatMul", [scaled, headed(key, [0, 2, 3, 1])])
        if isCausal { scores = graph.sum(scores, causalMask(query, in: &graph)) }
        let shares = graph.add("Softmax", [scores], ["axis": .integer(-1)])
        let attended = graph.add("MatMul", [shares, headed(value, [0, 2, 1, 3])])
        let together = graph.add("Transpose", [attended], ["perm": .integers([0, 2, 1, 3])])
        let joined = graph.add("Reshape", [together, graph.constant([0, 0, -1])])
        return OnnxValue(joined, graph.pixelLayout(of: inputs[0]), channels: inputs[2].channels)
    }

    /// (pixels, pixels): 0 where a pixel may look, else minus infinity.
    private func causalMask(_ pixels: String, in graph: inout OnnxGraph) -> String {
        let side = graph.add("Shape", [pixels], ["start": .integer(1), "end": .integer(2)])
        let sides = graph.add("Concat", [side, side], ["axis": .integer(0)])
        let infinities = graph.add("ConstantOfShape", [sides], ["value": .number(-.infinity)])
        return graph.add("Trilu", [infinities, graph.add("Squeeze", [graph.constant([1])])], ["upper": .integer(1)])
    }
}
