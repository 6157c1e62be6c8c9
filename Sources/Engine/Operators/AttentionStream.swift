import Foundation
import Kernels

/// One thread's working memory for ``Attention`` going forward: the keys and values of one head of one image in panels, the scores of some
/// queries and some keys, and what the queries have gathered from the keys before.
///
/// With the largest score so far m, the sums of exponentials and the output grow from one run of keys to the next and shrink by e^(m - m')
/// where a larger m' is found (arXiv 2205.14135): scores are made, made exponentials and multiplied in a core's own cache.
struct AttentionStream {
    /// The sizes of one head.
    struct Size {
        let keys: Int
        /// Channels of a head's queries and keys.
        let queryHead: Int
        /// Channels of a head's values.
        let valueHead: Int
        /// Queries of a block, at least as many as a product reads.
        let rows: Int
        /// Panels of keys of a run.
        let run: Int
        private let panels = Panels.best

        init(keys: Int, queries: Int, queryHead: Int, valueHead: Int) {
            (self.keys, self.queryHead, self.valueHead) = (keys, queryHead, valueHead)
            rows = min(max(queries, Panels.rowsReadBeyond + 1), 96)
            run = min(panels.count(keys), 256 / panels.width)
        }

        /// Floats from one panel of scores to the next: not a multiple of so many lines that a row's would all fall into the same few.
        var scorePanel: Int { (rows + 1) * panels.width }
        /// Keys as columns: a panel has some of them.
        var transposedKeys: Int { panels.size(rows: queryHead, columns: keys) }
        /// Values as rows: a panel has some of their channels.
        var valueRows: Int { panels.size(rows: keys, columns: valueHead) }
        var queries: Int { rows * queryHead }
        var scores: Int { run * scorePanel }
        var gathered: Int { panels.size(rows: rows, columns: valueHead) }
        /// A vector of sums and the largest score of each row.
        var sums: Int { rows * Vector.scalarCount }

        /// Floats of all that one thread works with.
        var count: Int { transposedKeys + valueRows + queries + scores + gathered + sums + rows }
    }

    let size: Size
    private let panels = Panels.best
    private let transposedKeys: UnsafeMutablePointer<Float>
    private let valueRows: UnsafeMutablePointer<Float>
    /// The block's queries, (rows, queryHead).
    private let queries: UnsafeMutablePointer<Float>
    /// (run, rows, width), and then their exponentials.
    private let scores: UnsafeMutablePointer<Float>
    /// (panels of the value's channels, rows, width).
    private let gathered: UnsafeMutablePointer<Float>
    private let sums: UnsafeMutablePointer<Float>
    private let largest: UnsafeMutablePointer<Float>

    init(_ size: Size, in memory: UnsafeMutablePointer<Float>) {
        self.size = size
        transposedKeys = memory
        valueRows = transposedKeys + size.transposedKeys
        queries = valueRows + size.valueRows
        scores = queries + size.queries
        gathered = scores + size.scores
        sums = gathered + size.gathered
        largest = sums + size.sums
    }

    /// Lays out a head's keys and values; rows are `keyApart` and `valueApart` floats apart.
    func set(_ k: UnsafePointer<Float>, apart keyApart: Int, _ v: UnsafePointer<Float>, apart valueApart: Int) {
        panels.transpose(k, apart: keyApart, rows: size.keys, channels: size.queryHead, into: transposedKeys)
        panels.pack(
            v, apart: valueApart, rows: size.keys, channels: size.valueHead, into: valueRows, panel: size.keys * panels.width)
    }

    /// Writes the output of some queries.
    ///
    /// - Parameters:
    ///   - limit: how many keys a row of these looks at, no fewer than the row before.
    ///   - done: is told each row's logarithm of its sum of exponentials.
    func attend(
        _ q: UnsafePointer<Float>, apart: Int, rows: Int, limit: (Int) -> Int, into output: UnsafeMutablePointer<Float>,
        apart outputApart: Int, done: (Int, Float) -> Void
    ) {
        let (width, lanes) = (panels.width, Vector.scalarCount)
        let scale = 1 / Float(size.queryHead).squareRoot()
        for row in 0..<rows { Elementwise.map(size.queryHead, q + row * apart, into: queries + row * size.queryHead) { $0 * scale } }
        sums.update(repeating: 0, count: rows * lanes)
        largest.update(repeating: -.greatestFiniteMagnitude, count: rows)
        for first in stride(from: 0, to: limit(rows - 1), by: size.run * width) {
            let keys = min(size.run * width, size.keys - first)
            for panel in 0..<panels.count(keys) {
                panels.multiply(
                    rows: rows, inner: size.queryHead, LeftMatrix(rows: queries, apart: size.queryHead),
                    transposedKeys + (first + panel * width) * size.queryHead,
                    into: ProductPanel(scores + panel * size.scorePanel, leading: width, columns: width))
            }
            for row in 0..<rows { exponentials(row, keys: keys, limit: limit(row) - first, isFirst: first == 0) }
            for panel in 0..<panels.count(size.valueHead) {
                panels.multiply(
                    rows: rows, inner: keys, LeftMatrix(panels: scores, width: width, panel: size.scorePanel),
                    valueRows + (panel * size.keys + first) * width,
                    into: ProductPanel(
                        gathered + panel * size.rows * width, leading: width, columns: width, start: first == 0 ? .zero : .present))
            }
        }
        for row in 0..<rows {
            let sum = (sums + row * lanes).load().sum()
            let inverse = 1 / sum
            for panel in 0..<panels.count(size.valueHead) {
                Elementwise.map(
                    min(width, size.valueHead - panel * width), gathered + (panel * size.rows + row) * width,
                    into: output + row * outputApart + panel * width
                ) { $0 * inverse }
            }
            done(row, largest[row] + Foundation.log(sum))
        }
    }

    /// Makes a row of scores exponentials, those from `limit` on 0.
    private func exponentials(_ row: Int, keys: Int, limit: Int, isFirst: Bool) {
        let (width, lanes) = (panels.width, Vector.scalarCount)
        let count = panels.count(keys)
        guard limit > 0 else { return forget(row, from: 0, value: 0) }
        if limit < count * width { forget(row, from: limit, value: -1e30) }
        var found = Vector(repeating: largest[row])
        for panel in 0..<count {
            let start = scores + panel * size.scorePanel + row * width
            for lane in stride(from: 0, to: width, by: lanes) {
                let score = (start + lane).load()
                found.replace(with: score, where: score .> found)
            }
        }
        let before = largest[row]
        let most = found.max()
        var sum = (sums + row * lanes).load()
        if most > before {
            largest[row] = most
            if !isFirst {
                let factor = Foundation.exp(before - most)
                sum *= factor
                for panel in 0..<panels.count(size.valueHead) {
                    let start = gathered + (panel * size.rows + row) * width
                    for lane in stride(from: 0, to: width, by: lanes) { (start + lane).store((start + lane).load() * factor) }
                }
            }
        }
        for panel in 0..<count {
            let start = scores + panel * size.scorePanel + row * width
            for lane in stride(from: 0, to: width, by: lanes) {
                let e = Elementwise.exp(small: (start + lane).load() - most)
                (start + lane).store(e)
                sum += e
            }
        }
        (sums + row * lanes).store(sum)
        if limit < count * width { forget(row, from: limit, value: 0) }
    }

    /// Writes `value` to a row's places from `limit` on.
    private func forget(_ row: Int, from limit: Int, value: Float) {
        let width = panels.width
        for column in limit..<(size.run * width) {
            scores[column / width * size.scorePanel + row * width + column % width] = value
        }
    }
}
