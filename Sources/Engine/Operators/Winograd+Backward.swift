/// The transpose of the forward pass: with P = A·dy·Aᵀ the gradient of the data is B·(P·U)·Bᵀ, added up where tiles overlap, and the
/// gradient of the weights Gᵀ·(Pᵀ·V)·G. Both share P, and the first shares U with forward.
extension Winograd {
    var backwardScratch: Int { backwardMemory.count }

    /// Where a share keeps what it needs, and how many floats that is.
    private struct BackwardMemory {
        let blockTiles: Int
        let dataPlane: Int
        let gradientPlane: Int
        /// Offsets: V, the data's gradient M, P, dU and db.
        let v: Int
        let m: Int
        let p: Int
        let weights: Int
        let bias: Int
        let count: Int
    }

    private var backwardMemory: BackwardMemory {
        let size = blockTiles(2 * inChannels + outChannels, rowsWorth: 2 * Self.fewRows)
        let (dataPlane, gradientPlane) = (plane(size * inChannels), plane(size * outChannels))
        let v = allThreads * squares
        let m = v + planes * dataPlane
        let p = m + planes * dataPlane
        let weights = p + planes * gradientPlane
        let bias = weights + preparedCount
        return BackwardMemory(
            blockTiles: size, dataPlane: dataPlane, gradientPlane: gradientPlane, v: v, m: m, p: p, weights: weights, bias: bias,
            count: bias + plane(outChannels))
    }

    func backward(_ call: OperatorCall) {
        let shares = shares
        let memory = share(0, of: shares).backwardMemory
        parallel.forEach(shares) { part in
            share(part, of: shares).backward(call, memory, scratch: call.scratch + part * memory.count)
        }
        for part in 0..<shares {
            Elementwise.add(outChannels, call.scratch + part * memory.count + memory.bias, to: call.parameterGradients[1])
        }
        addWeightGradient(
            call.scratch + memory.weights, shares: shares, apart: memory.count, to: call.parameterGradients[0], scratch: call.scratch)
    }

    private func backward(_ call: OperatorCall, _ memory: BackwardMemory, scratch: UnsafeMutablePointer<Float>) {
        let (dataPlane, gradientPlane, weightPlane) = (memory.dataPlane, memory.gradientPlane, plane(outChannels * inChannels))
        let (v, m, p) = (scratch + memory.v, scratch + memory.m, scratch + memory.p)
        let (du, db) = (scratch + memory.weights, scratch + memory.bias)
        let dx = call.inputGradients[0]
        let first = images.lowerBound * height * width * inChannels
        if let dx, !call.accumulates[0] {
            parallel.ranges(images.count * height * width * inChannels, grain: 4096) { range in
                (dx + first + range.lowerBound).update(repeating: 0, count: range.count)
            }
        }
        db.update(repeating: 0, count: outChannels)
        var beta: Float = 0
        forEachBlock(memory.blockTiles) { block in
            parallel.forEach(parallel.threads) { part in
                let (tiles, squares) = (divide(block, part), scratch + part * squares)
                transformData(call.inputs[0], block, tiles, into: v, dataPlane, squares: squares)
                transformGradient(call.outputGradient, block, tiles, into: p, gradientPlane, squares: squares)
            }
            parallel.ranges(planes) { range in
                for index in range {
                    Matrix.multiply(
                        rows: outChannels, columns: inChannels, inner: block.count, p + index * gradientPlane, leading: outChannels,
                        transposeA: true, v + index * dataPlane, leading: inChannels,
                        beta: beta, into: du + index * weightPlane, leading: inChannels)
                    guard dx != nil else { continue }
                    multiply(
                        rows: block.count, columns: inChannels, inner: outChannels, p + index * gradientPlane,
                        call.preparedBackward + index * weightPlane, into: m + index * dataPlane)
                }
            }
            beta = 1
            // The point 1 of A·dy sums up dy, so this plane holds each tile's sum.
            let sums = p + (Tile.points + 1) * gradientPlane
            for tile in 0..<block.count { Elementwise.add(outChannels, sums + tile * outChannels, to: db) }
            guard let dx else { return }
            // Tiles overlap, so threads divide the channels.
            parallel.forEach(parallel.threads) { part in
                let vectors = (inChannels + Elementwise.width - 1) / Elementwise.width
                let from = vectors * part / parallel.threads * Elementwise.width
                let to = min(inChannels, vectors * (part + 1) / parallel.threads * Elementwise.width)
                addBack(m, dataPlane, block, channels: from..<max(from, to), to: dx, squares: scratch + part * squares)
            }
        }
    }

    /// P = A·dy·Aᵀ, with zeros for outputs beyond the map.
    private func transformGradient(
        _ dy: UnsafePointer<Float>, _ block: Range<Int>, _ tiles: Range<Int>, into p: UnsafeMutablePointer<Float>, _ plane: Int,
        squares: UnsafeMutablePointer<Float>
    ) {
        let (n, outputs) = (Tile.points, Tile.outputs)
        let vector = Elementwise.width
        let (square, half, result) = (squares, squares + planes * vector, squares + 2 * planes * vector)
        for tile in tiles {
            let place = place(tile)
            let (rows, columns) = (min(outputs, height - place.row), min(outputs, width - place.column))
            let isInside = rows == outputs && columns == outputs
            let corner = dy + (place.pixel + place.row * width + place.column) * outChannels
            let target = p + (tile - block.lowerBound) * outChannels
            if !isInside { square.update(repeating: 0, count: outputs * outputs * vector) }
            Elementwise.forEachVector(0..<outChannels) { channel, lanes in
                if isInside && lanes == vector {
                    both(
                        { Tile.outputTransposed($0, $1, $2, $3) }, from: outputs, to: n, corner + channel, rows: width * outChannels,
                        columns: outChannels, target + channel, rows: n * plane, columns: plane, half)
                    return
                }
                for row in 0..<rows {
                    for column in 0..<columns {
                        let source = corner + (row * width + column) * outChannels + channel
                        (square + (row * outputs + column) * vector).store(source.load(lanes))
                    }
                }
                both(
                    { Tile.outputTransposed($0, $1, $2, $3) }, from: outputs, to: n, square, rows: outputs * vector, columns: vector,
                    result, rows: n * vector, columns: vector, half)
                for index in 0..<planes {
                    let to = target + channel + index * plane
                    let value = (result + index * vector).load()
                    to.store(value, lanes)
                }
            }
        }
    }

    /// dx += B·M·Bᵀ for some channels.
    private func addBack(
        _ m: UnsafePointer<Float>, _ plane: Int, _ block: Range<Int>, channels: Range<Int>, to dx: UnsafeMutablePointer<Float>,
        squares: UnsafeMutablePointer<Float>
    ) {
        let n = Tile.points
        let vector = Elementwise.width
        let (square, half, result) = (squares, squares + planes * vector, squares + 2 * planes * vector)
        for tile in block {
            let place = place(tile)
            let (top, left) = (place.row - 1, place.column - 1)
            let rows = max(0, -top)..<min(n, height - top)
            let columns = max(0, -left)..<min(n, width - left)
            let corner = dx + (place.pixel + top * width + left) * inChannels
            let source = m + (tile - block.lowerBound) * inChannels
            Elementwise.forEachVector(channels) { channel, lanes in
                if lanes == vector {
                    both(
                        { Tile.dataTransposed($0, $1, $2, $3) }, from: n, to: n, source + channel, rows: n * plane, columns: plane,
                        result, rows: n * vector, columns: vector, half)
                } else {
                    for index in 0..<planes { (square + index * vector).store((source + channel + index * plane).load(lanes)) }
                    both(
                        { Tile.dataTransposed($0, $1, $2, $3) }, from: n, to: n, square, rows: n * vector, columns: vector,
                        result, rows: n * vector, columns: vector, half)
                }
                for row in rows {
                    for column in columns {
                        let target = corner + (row * width + column) * inChannels + channel
                        let value = (result + (row * n + column) * vector).load()
                        target.store(target.load(lanes) + value, lanes)
                    }
                }
            }
        }
    }
}
