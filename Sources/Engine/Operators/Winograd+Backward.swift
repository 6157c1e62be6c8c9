/// The transpose of the forward pass: with P = A·dy·Aᵀ the gradient of the data is B·(P·U)·Bᵀ, added up where tiles overlap, and the
/// gradient of the weights Gᵀ·(Pᵀ·V)·G. Both share P, and the first shares U with forward.
extension Winograd {
    var backwardScratch: Int {
        let block = blockTiles(2 * inChannels + outChannels)
        return parallel.threads * squares + planes * (2 * plane(block * inChannels) + plane(block * outChannels)) + preparedCount
    }

    func backward(_ call: OperatorCall) {
        let size = blockTiles(2 * inChannels + outChannels)
        let (dataPlane, gradientPlane, weightPlane) = (plane(size * inChannels), plane(size * outChannels), plane(outChannels * inChannels))
        let v = call.scratch + parallel.threads * squares
        let m = v + planes * dataPlane
        let p = m + planes * dataPlane
        let du = p + planes * gradientPlane
        let dx = call.inputGradients[0]
        if let dx, !call.accumulates[0] {
            parallel.ranges(batch * height * width * inChannels, grain: 4096) { range in
                (dx + range.lowerBound).update(repeating: 0, count: range.count)
            }
        }
        forEachBlock(size) { block in
            parallel.forEach(parallel.threads) { part in
                let (tiles, squares) = (share(block, part), call.scratch + part * squares)
                transformData(call.inputs[0], block, tiles, into: v, dataPlane, squares: squares)
                transformGradient(call.outputGradient, block, tiles, into: p, gradientPlane, squares: squares)
            }
            let beta: Float = block.lowerBound == 0 ? 0 : 1
            parallel.ranges(planes) { range in
                for index in range {
                    Matrix.multiply(
                        rows: outChannels, columns: inChannels, inner: block.count, p + index * gradientPlane, leading: outChannels,
                        transposeA: true, v + index * dataPlane, leading: inChannels,
                        beta: beta, into: du + index * weightPlane, leading: inChannels)
                    guard dx != nil else { continue }
                    Matrix.multiply(
                        rows: block.count, columns: inChannels, inner: outChannels, p + index * gradientPlane, leading: outChannels,
                        call.prepared + index * weightPlane, leading: inChannels,
                        into: m + index * dataPlane, leading: inChannels)
                }
            }
            // The point 1 of A·dy sums up dy, so this plane holds each tile's sum.
            let sums = p + (Tile.points + 1) * gradientPlane
            for tile in 0..<block.count {
                Elementwise.add(outChannels, sums + tile * outChannels, to: call.parameterGradients[1])
            }
            guard let dx else { return }
            // Tiles overlap, so threads divide the channels.
            parallel.forEach(parallel.threads) { part in
                let vectors = (inChannels + Elementwise.width - 1) / Elementwise.width
                let from = vectors * part / parallel.threads * Elementwise.width
                let to = min(inChannels, vectors * (part + 1) / parallel.threads * Elementwise.width)
                addBack(m, dataPlane, block, channels: from..<max(from, to), to: dx, squares: call.scratch + part * squares)
            }
        }
        addWeightGradient(du, to: call.parameterGradients[0], scratch: call.scratch)
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

    /// dW += Gᵀ·dU·G.
    private func addWeightGradient(
        _ du: UnsafePointer<Float>, to dW: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let plane = plane(outChannels * inChannels)
        let vector = Elementwise.width
        parallel.forEach(parallel.threads) { part in
            let square = scratch + part * squares
            let (half, result) = (square + planes * vector, square + 2 * planes * vector)
            for out in (outChannels * part / parallel.threads)..<(outChannels * (part + 1) / parallel.threads) {
                Elementwise.forEachVector(0..<inChannels) { channel, lanes in
                    let source = du + out * inChannels + channel
                    let target = dW + out * 9 * inChannels + channel
                    if lanes == vector {
                        both(
                            { Tile.weightsTransposed($0, $1, $2, $3) }, from: Tile.points, to: 3, source, rows: Tile.points * plane,
                            columns: plane, result, rows: 3 * vector, columns: vector, half)
                    } else {
                        for index in 0..<planes { (square + index * vector).store((source + index * plane).load(lanes)) }
                        both(
                            { Tile.weightsTransposed($0, $1, $2, $3) }, from: Tile.points, to: 3, square, rows: Tile.points * vector,
                            columns: vector, result, rows: 3 * vector, columns: vector, half)
                    }
                    for tap in 0..<9 {
                        let place = target + tap * inChannels
                        let value = (result + tap * vector).load()
                        place.store(place.load(lanes) + value, lanes)
                    }
                }
            }
        }
    }
}
