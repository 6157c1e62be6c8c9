import Kernels

/// The product that a linear layer and a 1×1 convolution share: rows of pixels times a weight matrix, with a bias where there is one.
///
/// Weights are read where they lie: each thread lays out a block of them in its own cache and multiplies all its pixels with it.
struct PixelProduct {
    /// Pixels of the whole batch.
    let rows: Int
    let inChannels: Int
    let outChannels: Int
    private let panels = Panels.best

    init(rows: Int, inChannels: Int, outChannels: Int) {
        self.rows = rows
        self.inChannels = inChannels
        self.outChannels = outChannels
    }

    /// Rows below which laying out the weights costs more than the product gains.
    private static let fewRows = 48
    /// Floats of a block of the right operand: half of a core's own cache (of 512 KiB or more).
    private static let blockCount = 1 << 16
    /// Channels that are summed up at a time: then a block still has many columns.
    private static let blockDepth = 384
    /// Rows of the left operand that pass a block at a time: with it they fill the cache.
    private static let blockRows = 64
    /// Floats of the most rows of a block, which can be almost twice as many, and of all that a thread has for itself.
    private static let leftCount = 2 * blockRows * blockDepth
    private static let ownCount = blockCount + leftCount
    /// Pixels of the weights' gradient that are summed up at a time: a panel of each operand fits in the first cache.
    private static let blockPixels = 192

    private var isSmall: Bool { rows < Self.fewRows }

    /// Floats of working memory that a call needs.
    func scratchCount(_ call: CallShape) -> Int {
        guard !isSmall else { return 0 }
        let blocks = call.parallel.threads * Self.ownCount
        return call.isTraining ? blocks + panels.size(rows: min(rows, Self.blockPixels), columns: outChannels) : blocks
    }

    /// Parts of about equal size, none larger than `most`, of which all but the last are multiples of `unit`.
    private func parts(of range: Range<Int>, most: Int, unit: Int) -> [Range<Int>] {
        let count = max(1, (range.count + most - 1) / most)
        let size = ((range.count + count - 1) / count + unit - 1) / unit * unit
        return stride(from: range.lowerBound, to: range.upperBound, by: size).map { $0..<min($0 + size, range.upperBound) }
    }

    /// Parts of some rows, of equal size: none may be shorter than what a product reads.
    private func blocks(ofRows range: Range<Int>) -> [Range<Int>] {
        let count = max(1, range.count / Self.blockRows)
        return (0..<count).map {
            (range.lowerBound + range.count * $0 / count)..<(range.lowerBound + range.count * ($0 + 1) / count)
        }
    }

    /// Columns of a block that has `depth` rows, of a matrix of `columns`: where they alone are divided, few enough that all threads find
    /// work, else as many as there is room for, as the left operand comes from afar for each block.
    private func blockColumns(_ columns: Int, depth: Int, areDividedAlone: Bool, _ parallel: Parallel) -> Int {
        let most = Self.blockCount / (depth * panels.width)
        return max(1, areDividedAlone ? min(most, panels.count(columns) / (2 * parallel.threads)) : most) * panels.width
    }

    // MARK: Forward

    /// y (rows × out) = x (rows × in) · Wᵀ + b
    func forward(_ call: OperatorCall) {
        guard !isSmall else { return forwardSmall(call) }
        let (weight, bias, isAdding) = (call.parameters[0], call.bias, call.inputs.count > 1)
        product(
            call.inputs[0], inner: inChannels, columns: outChannels, into: call.output, call,
            start: isAdding ? .present : bias.map { .row($0) } ?? .zero,
            begin: { rows, columns in
                guard isAdding else { return }
                for row in rows { call.startOutput(pixel: row, columns, bias: bias) }
            },
            layOut: { inner, columns, block in
                for column in stride(from: columns.lowerBound, to: columns.upperBound, by: panels.width) {
                    Transposition.matrix(
                        rows: min(panels.width, columns.upperBound - column), columns: inner.count,
                        weight + column * inChannels + inner.lowerBound, apart: inChannels,
                        into: block + (column - columns.lowerBound) * inner.count, step: panels.width)
                }
            })
    }

    /// C = A · B, on top of what `start` says; a row is that of the whole matrix. However the work is divided, each number is the same sum.
    ///
    /// - Parameters:
    ///   - begin: is told of some rows and columns of C just before they are made.
    ///   - layOut: writes some rows of some columns of B in panels.
    private func product(
        _ a: UnsafePointer<Float>, inner: Int, columns: Int, into c: UnsafeMutablePointer<Float>, _ call: OperatorCall,
        start: ProductPanel.Start, begin: (Range<Int>, Range<Int>) -> Void = { _, _ in },
        layOut: (Range<Int>, Range<Int>, UnsafeMutablePointer<Float>) -> Void
    ) {
        let (parallel, width) = (call.parallel, panels.width)
        let depths = parts(of: 0..<inner, most: Self.blockDepth, unit: Transposition.square)
        // Laying out costs as much as multiplying three rows.
        let mostDivisions = rows / 128
        let most = blockColumns(columns, depth: depths[0].count, areDividedAlone: mostDivisions < 4 * parallel.threads, parallel)
        let chunks = parts(of: 0..<columns, most: most, unit: width)
        let divisions = max(1, min(mostDivisions, (4 * parallel.threads + chunks.count - 1) / chunks.count))
        parallel.forEach(chunks.count * divisions) { task, worker in
            let (chunk, division) = (chunks[task / divisions], task % divisions)
            let blocks = blocks(ofRows: (rows * division / divisions)..<(rows * (division + 1) / divisions))
            let block = call.scratch + worker * Self.ownCount
            let left = block + Self.blockCount
            for depth in depths {
                let panel = depth.count * width
                layOut(depth, chunk, block)
                let isFirst = depth.lowerBound == 0
                for rows in blocks {
                    if isFirst { begin(rows, chunk) }
                    // Rows that lie far apart are read much slower than these.
                    pack(a + rows.lowerBound * inner, leading: inner, rows: rows.count, depth, into: left)
                    for (index, column) in stride(from: chunk.lowerBound, to: chunk.upperBound, by: width).enumerated() {
                        panels.multiply(
                            rows: rows.count, inner: depth.count,
                            LeftMatrix(panels: left, width: width, panel: rows.count * width), block + index * panel,
                            into: ProductPanel(
                                c + rows.lowerBound * columns + column, leading: columns, columns: min(width, chunk.upperBound - column),
                                start: isFirst ? start.shifted(by: column) : .present))
                    }
                }
            }
        }
    }

    private func forwardSmall(_ call: OperatorCall) {
        let (x, y, weight, bias) = (call.inputs[0], call.output, call.parameters[0], call.bias)
        call.parallel.ranges(outChannels, grain: 16) { columns in
            let first = columns.lowerBound
            for row in 0..<rows { call.startOutput(pixel: row, columns, bias: bias) }
            Matrix.multiply(
                rows: rows, columns: columns.count, inner: inChannels, x, leading: inChannels,
                weight + first * inChannels, leading: inChannels, transposeB: true, beta: 1, into: y + first, leading: outChannels)
        }
    }

    // MARK: Backward

    /// dW += dyᵀ · x; db += Σ dy; dx = dy · W
    func backward(_ call: OperatorCall) {
        let (dy, weight) = (call.outputGradient, call.parameters[0])
        if call.parameterGradients.count > 1 {
            let db = call.parameterGradients[1]
            call.parallel.ranges(outChannels, grain: 16) { range in
                let first = range.lowerBound
                for row in 0..<rows { Elementwise.add(range.count, dy + row * outChannels + first, to: db + first) }
            }
        }
        guard !isSmall else { return backwardSmall(call) }
        backwardWeights(call)
        guard let dx = call.inputGradients[0] else { return }
        product(
            dy, inner: outChannels, columns: inChannels, into: dx, call, start: call.accumulates[0] ? .present : .zero,
            layOut: { inner, columns, block in
                pack(weight + inner.lowerBound * inChannels, leading: inChannels, rows: inner.count, columns, into: block)
            })
    }

    /// dW += dyᵀ · x, a block of rows after the other: threads lay out dy together and then divide x's columns, of which each lays out its
    /// own. Rows of dW are written in long runs, as they come from memory and go back to it.
    private func backwardWeights(_ call: OperatorCall) {
        let (parallel, width) = (call.parallel, panels.width)
        let left = call.scratch + parallel.threads * Self.ownCount
        for rows in parts(of: 0..<rows, most: Self.blockPixels, unit: 1) {
            let (x, dy) = (call.inputs[0] + rows.lowerBound * inChannels, call.outputGradient + rows.lowerBound * outChannels)
            let panel = rows.count * width
            let mostOuts = blockColumns(outChannels, depth: rows.count, areDividedAlone: true, parallel)
            let outs = parts(of: 0..<outChannels, most: mostOuts, unit: width)
            parallel.forEach(outs.count) {
                pack(dy, leading: outChannels, rows: rows.count, outs[$0], into: left + outs[$0].lowerBound * rows.count)
            }
            let most = blockColumns(inChannels, depth: rows.count, areDividedAlone: true, parallel)
            let chunks = parts(of: 0..<inChannels, most: most, unit: width)
            parallel.forEach(chunks.count) { task, worker in
                let chunk = chunks[task]
                let block = call.scratch + worker * Self.ownCount
                pack(x, leading: inChannels, rows: rows.count, chunk, into: block)
                for out in stride(from: 0, to: outChannels, by: width) {
                    let (target, outs) = (call.parameterGradients[0] + out * inChannels, min(width, outChannels - out))
                    for (index, column) in stride(from: chunk.lowerBound, to: chunk.upperBound, by: width).enumerated() {
                        let soon = column + 4 * width
                        if soon < chunk.upperBound {
                            for row in 0..<outs { prefetch(target + row * inChannels + soon, count: min(width, chunk.upperBound - soon)) }
                        }
                        panels.multiplyTransposed(
                            rows: outs, inner: rows.count, left + out / width * panel, panel: panel, block + index * panel,
                            into: ProductPanel(
                                target + column, leading: inChannels, columns: min(width, chunk.upperBound - column), start: .present))
                    }
                }
            }
        }
    }

    /// Some neighbouring columns of a matrix in panels; columns beyond the last are zero. A row after the other, as they come from memory.
    private func pack(
        _ source: UnsafePointer<Float>, leading: Int, rows: Int, _ columns: Range<Int>, into target: UnsafeMutablePointer<Float>
    ) {
        let width = panels.width
        let whole = columns.count / width
        for row in 0..<rows {
            var (from, to) = (source + row * leading + columns.lowerBound, target + row * width)
            for _ in 0..<whole {
                for lane in stride(from: 0, to: width, by: Elementwise.width) { (to + lane).store((from + lane).load()) }
                from += width
                to += rows * width
            }
            let rest = columns.count - whole * width
            guard rest > 0 else { continue }
            Elementwise.forEachVector(0..<width) { lane, _ in
                (to + lane).store((from + lane).load(max(0, min(Elementwise.width, rest - lane))))
            }
        }
    }

    private func backwardSmall(_ call: OperatorCall) {
        let (x, dy, weight, dW) = (call.inputs[0], call.outputGradient, call.parameters[0], call.parameterGradients[0])
        call.parallel.ranges(outChannels, grain: 16) { range in
            let first = range.lowerBound
            Matrix.multiply(
                rows: range.count, columns: inChannels, inner: rows, dy + first, leading: outChannels, transposeA: true,
                x, leading: inChannels, beta: 1, into: dW + first * inChannels, leading: inChannels)
        }
        guard let dx = call.inputGradients[0] else { return }
        call.parallel.ranges(inChannels, grain: 16) { range in
            Matrix.multiply(
                rows: rows, columns: range.count, inner: outChannels, dy, leading: outChannels,
                weight + range.lowerBound, leading: inChannels, beta: call.accumulates[0] ? 1 : 0, into: dx + range.lowerBound,
                leading: inChannels)
        }
    }
}

extension OperatorCall {
    /// The second parameter; nil where a layer has none.
    fileprivate var bias: UnsafeMutablePointer<Float>? { parameters.count > 1 ? parameters[1] : nil }
}

extension ProductPanel.Start {
    /// The same for columns further on.
    fileprivate func shifted(by columns: Int) -> ProductPanel.Start {
        if case .row(let row) = self { .row(row + columns) } else { self }
    }
}
