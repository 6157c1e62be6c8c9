import Kernels

/// The product that a linear layer and a 1×1 convolution share: rows of pixels times a weight matrix, with a bias where there is one.
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
    /// Rows whose contributions to the weights' gradient are summed up at a time.
    private static let blockRows = 256

    private var isSmall: Bool { rows < Self.fewRows }

    // MARK: Weights

    /// Floats of the weights in panels, for either direction.
    var preparedCount: Int {
        isSmall ? 0 : max(panels.size(rows: inChannels + 1, columns: outChannels), panels.size(rows: outChannels, columns: inChannels))
    }

    /// Lays out Wᵀ (in × out) under a row of the bias for forward, W (out × in) for backward.
    func prepare(_ call: OperatorCall, for direction: Direction) {
        guard !isSmall else { return }
        switch direction {
        case .forward:
            let bias = call.bias
            forEachPanel(of: outChannels, call.parallel) { panel, columns, _ in
                let target = call.prepared + panel * (inChannels + 1) * panels.width
                for lane in 0..<columns.count {
                    let source = call.parameters[0] + (columns.lowerBound + lane) * inChannels
                    target[lane] = bias.map { $0[columns.lowerBound + lane] } ?? 0
                    for input in 0..<inChannels { target[(input + 1) * panels.width + lane] = source[input] }
                }
                for row in 0...inChannels {
                    for lane in columns.count..<panels.width { target[row * panels.width + lane] = 0 }
                }
            }
        case .backward:
            forEachPanel(of: inChannels, call.parallel) { panel, columns, _ in
                pack(
                    call.parameters[0], leading: inChannels, rows: outChannels, columns,
                    into: call.preparedBackward + panel * outChannels * panels.width)
            }
        }
    }

    /// Calls `body(panel, columns, worker)` for all panels of `count` columns.
    private func forEachPanel(of count: Int, _ parallel: Parallel, _ body: (Int, Range<Int>, Int) -> Void) {
        parallel.forEach(panels.count(count)) { panel, worker in
            body(panel, (panel * panels.width)..<min(count, (panel + 1) * panels.width), worker)
        }
    }

    /// Some neighbouring columns of a matrix as a panel.
    private func pack(
        _ source: UnsafePointer<Float>, leading: Int, rows: Int, _ columns: Range<Int>, into target: UnsafeMutablePointer<Float>
    ) {
        let width = panels.width
        for row in 0..<rows {
            let (from, to) = (source + row * leading + columns.lowerBound, target + row * width)
            if columns.count == width {
                for lane in stride(from: 0, to: width, by: Elementwise.width) { (to + lane).store((from + lane).load()) }
                continue
            }
            Elementwise.forEachVector(0..<width) { lane, _ in
                (to + lane).store((from + lane).load(max(0, min(Elementwise.width, columns.count - lane))))
            }
        }
    }

    // MARK: Forward

    /// y (rows × out) = x (rows × in) · Wᵀ + b
    func forward(_ call: OperatorCall) {
        guard !isSmall else { return forwardSmall(call) }
        let isAdding = call.inputs.count > 1
        product(
            call.inputs[0], call.prepared, inner: inChannels, columns: outChannels, into: call.output, call.parallel, isForward: true,
            accumulating: isAdding
        ) { rows in
            guard isAdding else { return }
            for row in rows { call.startOutput(pixel: row, 0..<outChannels, bias: call.bias) }
        }
    }

    /// C = A · B for B in panels; added to what is there where `accumulating`, else, forward, to a row that comes before B's.
    ///
    /// - Parameter start: is told of some rows of C just before they are made.
    private func product(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, inner: Int, columns: Int, into c: UnsafeMutablePointer<Float>,
        _ parallel: Parallel, isForward: Bool, accumulating: Bool, start: (Range<Int>) -> Void = { _ in }
    ) {
        let width = panels.width
        let first = isForward ? 1 : 0
        // A few rows at a time, which stay in cache while all panels pass.
        let most = max(24, (1 << 15) / inner)
        parallel.ranges(rows, grain: 24) { range in
            let blocks = (range.count + most - 1) / most
            for block in 0..<blocks {
                let row = range.lowerBound + range.count * block / blocks
                let count = range.lowerBound + range.count * (block + 1) / blocks - row
                start(row..<(row + count))
                for panel in 0..<panels.count(columns) {
                    let b = b + panel * (inner + first) * width
                    panels.multiply(
                        rows: count, inner: inner, LeftMatrix(rows: a + row * inner, apart: inner), b + first * width,
                        into: ProductPanel(
                            c + row * columns + panel * width, leading: columns, columns: min(width, columns - panel * width),
                            start: accumulating ? .present : isForward ? .row(b) : .zero))
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

    /// Floats of working memory that backward needs.
    func scratchCount(_ call: CallShape) -> Int {
        guard !isSmall, call.isTraining else { return 0 }
        return panels.size(rows: Self.blockRows, columns: outChannels) + call.parallel.threads * panelCount
    }

    private var panelCount: Int { Self.blockRows * panels.width }

    /// dW += dyᵀ · x; db += Σ dy; dx = dy · W
    func backward(_ call: OperatorCall) {
        let dy = call.outputGradient
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
            dy, call.preparedBackward, inner: outChannels, columns: inChannels, into: dx, call.parallel, isForward: false,
            accumulating: call.accumulates[0])
    }

    /// dW += dyᵀ · x, a block of rows after the other: threads lay out dy together and then divide x's columns.
    private func backwardWeights(_ call: OperatorCall) {
        let left = call.scratch
        let rights = left + panels.size(rows: Self.blockRows, columns: outChannels)
        for row in stride(from: 0, to: rows, by: Self.blockRows) {
            let count = min(Self.blockRows, rows - row)
            let (x, dy) = (call.inputs[0] + row * inChannels, call.outputGradient + row * outChannels)
            forEachPanel(of: outChannels, call.parallel) { panel, columns, _ in
                pack(dy, leading: outChannels, rows: count, columns, into: left + panel * panelCount)
            }
            forEachPanel(of: inChannels, call.parallel) { panel, columns, worker in
                let right = rights + worker * panelCount
                pack(x, leading: inChannels, rows: count, columns, into: right)
                panels.multiplyTransposed(
                    rows: outChannels, inner: count, left, panel: panelCount, right,
                    into: ProductPanel(
                        call.parameterGradients[0] + columns.lowerBound, leading: inChannels, columns: columns.count, start: .present))
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
