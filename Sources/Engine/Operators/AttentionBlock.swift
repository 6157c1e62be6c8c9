import Kernels

/// One thread's working memory for ``Attention`` going back: the keys and values of one head of one image in panels, and the scores of a block
/// of queries.
///
/// Scores lie in panels too, (⌈keys / width⌉, rows, width): so the product that makes them writes them, and so those that read them, as they
/// are and transposed, take them. There are never more of them than a block's: the whole map would be the largest thing in memory.
struct AttentionBlock {
    /// The sizes of one head.
    struct Size {
        let keys: Int
        /// Channels of a head's queries and keys.
        let queryHead: Int
        /// Channels of a head's values.
        let valueHead: Int
        /// Queries of a block, at least as many as a product reads.
        let rows: Int
        private let panels = Panels.best

        init(keys: Int, queries: Int, queryHead: Int, valueHead: Int) {
            (self.keys, self.queryHead, self.valueHead) = (keys, queryHead, valueHead)
            // Half a mebibyte of scores stays in a core's own cache.
            rows = min(max(queries, Panels.rowsReadBeyond + 1), max(16, min(192, (1 << 17) / keys)))
        }

        /// Floats from one panel of scores to the next.
        var scorePanel: Int { rows * panels.width }
        var scores: Int { panels.count(keys) * scorePanel }
        /// Keys, or values, as columns: a panel has some of them.
        var transposedKeys: Int { panels.size(rows: queryHead, columns: keys) }
        var transposedValues: Int { panels.size(rows: valueHead, columns: keys) }
        /// Keys as rows: a panel has some of their channels.
        var keyRows: Int { panels.size(rows: keys, columns: queryHead) }
        var queryPanels: Int { panels.size(rows: rows, columns: queryHead) }
        var upstreamPanels: Int { panels.size(rows: rows, columns: valueHead) }

        /// Floats of all that one thread works with.
        var count: Int {
            transposedKeys + scores + rows * queryHead + keyRows + transposedValues + scores + rows * valueHead + queryPanels
                + upstreamPanels
        }
    }

    let size: Size
    private let panels = Panels.best
    private let transposedKeys: UnsafeMutablePointer<Float>
    /// The block's queries, (rows, queryHead).
    private let queries: UnsafeMutablePointer<Float>
    private let scores: UnsafeMutablePointer<Float>
    private let keyRows: UnsafeMutablePointer<Float>
    private let transposedValues: UnsafeMutablePointer<Float>
    private let slopes: UnsafeMutablePointer<Float>
    private let upstream: UnsafeMutablePointer<Float>
    private let queryPanels: UnsafeMutablePointer<Float>
    private let upstreamPanels: UnsafeMutablePointer<Float>

    init(_ size: Size, in memory: UnsafeMutablePointer<Float>) {
        self.size = size
        transposedKeys = memory
        queries = transposedKeys + size.transposedKeys
        scores = queries + size.rows * size.queryHead
        keyRows = scores + size.scores
        transposedValues = keyRows + size.keyRows
        slopes = transposedValues + size.transposedValues
        upstream = slopes + size.scores
        queryPanels = upstream + size.rows * size.valueHead
        upstreamPanels = queryPanels + size.queryPanels
    }

    // MARK: Laying out

    /// Lays out a head's keys and values for backward.
    func setBackward(_ k: UnsafePointer<Float>, apart keyApart: Int, _ v: UnsafePointer<Float>, apart valueApart: Int) {
        panels.transpose(k, apart: keyApart, rows: size.keys, channels: size.queryHead, into: transposedKeys)
        panels.transpose(v, apart: valueApart, rows: size.keys, channels: size.valueHead, into: transposedValues)
        panels.pack(k, apart: keyApart, rows: size.keys, channels: size.queryHead, into: keyRows, panel: size.keys * panels.width)
    }

    private var scale: Float { 1 / Float(size.queryHead).squareRoot() }

    /// The scores q·kᵀ/√d of some queries.
    func setScores(_ q: UnsafePointer<Float>, apart: Int, rows: Int) {
        let scale = scale
        for row in 0..<rows { Elementwise.map(size.queryHead, q + row * apart, into: queries + row * size.queryHead) { $0 * scale } }
        product(queries, channels: size.queryHead, rows: rows, transposedKeys, into: scores)
    }

    private func product(
        _ left: UnsafePointer<Float>, channels: Int, rows: Int, _ right: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>
    ) {
        let width = panels.width
        for panel in 0..<panels.count(size.keys) {
            panels.multiply(
                rows: rows, inner: channels, LeftMatrix(rows: left, apart: channels), right + panel * channels * width,
                into: ProductPanel(target + panel * size.scorePanel, leading: width, columns: width))
        }
    }

    private func multiply(
        _ left: UnsafePointer<Float>, rows: Int, _ right: UnsafePointer<Float>, columns: Int, into target: UnsafeMutablePointer<Float>,
        apart: Int
    ) {
        let width = panels.width
        for panel in 0..<panels.count(columns) {
            panels.multiply(
                rows: rows, inner: size.keys, LeftMatrix(panels: left, width: width, panel: size.scorePanel),
                right + panel * size.keys * width,
                into: ProductPanel(
                    target + panel * width, leading: apart, columns: min(width, columns - panel * width), start: .present))
        }
    }

    // MARK: Backward

    /// The products do·vᵀ of some rows, which become slopes; and what goes with the queries of these rows.
    func setSlopes(
        _ q: UnsafePointer<Float>, apart queryApart: Int, _ upstream: UnsafePointer<Float>, apart: Int, rows: Int
    ) {
        for row in 0..<rows { (self.upstream + row * size.valueHead).update(from: upstream + row * apart, count: size.valueHead) }
        product(self.upstream, channels: size.valueHead, rows: rows, transposedValues, into: slopes)
        let width = panels.width
        panels.pack(
            self.upstream, apart: size.valueHead, rows: rows, channels: size.valueHead, into: upstreamPanels, panel: size.rows * width)
        panels.pack(q, apart: queryApart, rows: rows, channels: size.queryHead, into: queryPanels, panel: size.rows * width)
    }

    /// Makes a row of scores its probabilities again, and a row dP the slopes dS = P ∘ (dP - Σ P ∘ dP) / √d.
    func slope(_ row: Int, logarithm: Float, limit: Int) {
        let distance = slopes - scores
        forEachVector(row) { $0.store(Elementwise.exp($0.load() - logarithm)) }
        forget(row, from: limit, value: 0)
        var sums = Vector.zero
        forEachVector(row) { sums += $0.load() * ($0 + distance).load() }
        let (mean, scale) = (sums.sum(), scale)
        forEachVector(row) { ($0 + distance).store($0.load() * (($0 + distance).load() - mean) * scale) }
    }

    /// dq += dS·k
    func addQueryGradient(rows: Int, _ target: UnsafeMutablePointer<Float>, apart: Int) {
        multiply(slopes, rows: rows, keyRows, columns: size.queryHead, into: target, apart: apart)
    }

    /// dk += dSᵀ·q
    func addKeyGradient(rows: Int, _ target: UnsafeMutablePointer<Float>, apart: Int) {
        multiplyTransposed(slopes, rows: rows, queryPanels, columns: size.queryHead, into: target, apart: apart)
    }

    /// dv += Pᵀ·do
    func addValueGradient(rows: Int, _ target: UnsafeMutablePointer<Float>, apart: Int) {
        multiplyTransposed(scores, rows: rows, upstreamPanels, columns: size.valueHead, into: target, apart: apart)
    }

    private func multiplyTransposed(
        _ left: UnsafePointer<Float>, rows: Int, _ right: UnsafePointer<Float>, columns: Int, into target: UnsafeMutablePointer<Float>,
        apart: Int
    ) {
        let width = panels.width
        for panel in 0..<panels.count(columns) {
            panels.multiplyTransposed(
                rows: size.keys, inner: rows, left, panel: size.scorePanel, right + panel * size.rows * width,
                into: ProductPanel(
                    target + panel * width, leading: apart, columns: min(width, columns - panel * width), start: .present))
        }
    }

    // MARK: A row of scores

    /// Calls `body` for the places of each vector of a row, those beyond the last key too.
    @inline(__always)
    private func forEachVector(_ row: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
        let width = panels.width
        for panel in 0..<panels.count(size.keys) {
            let start = scores + panel * size.scorePanel + row * width
            for lane in stride(from: 0, to: width, by: Elementwise.width) { body(start + lane) }
        }
    }

    /// Writes `value` to a row's places from `limit` on.
    private func forget(_ row: Int, from limit: Int, value: Float) {
        let width = panels.width
        for column in limit..<(panels.count(size.keys) * width) {
            scores[column / width * size.scorePanel + row * width + column % width] = value
        }
    }
}
