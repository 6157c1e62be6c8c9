/// The transpose of the forward pass: with P = A·dy·Aᵀ the gradient of the data is B·(P·U)·Bᵀ, added up where tiles overlap, and the
/// gradient of the weights Gᵀ·(Pᵀ·V)·G. Both share P, and the first shares U with forward.
extension Winograd {
    /// Where backward keeps what it needs, in floats.
    struct BackwardMemory {
        /// Tiles of a block, and panels of the data's gradient M at a time.
        let tiles: Int
        let chunk: Int
        /// Offsets of V, P and dU.
        let v: Int
        let p: Int
        let du: Int
        /// Of what each thread has for itself: squares and M.
        let own: Int
        let ownCount: Int
        let count: Int
    }

    var backwardMemory: BackwardMemory {
        let tiles = blockTiles(max(24, Self.sharedFloats / (planes * (inChannels + outChannels))))
        let chunk = chunk(of: panels.count(inChannels), tiles: tiles, threads: parallel.threads)
        let p = planes * plane(rows: tiles, channels: inChannels)
        let du = p + planes * plane(rows: tiles, channels: outChannels) + Panels.rowsReadBeyond * panels.width
        let own = du + planes * plane(rows: outChannels, channels: inChannels)
        let ownCount = squares + planes * plane(rows: tiles, channels: chunk * panels.width)
        return BackwardMemory(
            tiles: tiles, chunk: chunk, v: 0, p: p, du: du, own: own, ownCount: ownCount, count: own + parallel.threads * ownCount)
    }

    /// Threads share each block: they divide tiles in the transforms, and then the input's channels, so that one thread alone adds to
    /// a channel of dU and dx, always in the same order.
    func backward(_ call: OperatorCall) {
        guard !isStreaming else { return backwardStreaming(call) }
        let memory = backwardMemory
        let v = planes(call.scratch + memory.v, rows: memory.tiles, channels: inChannels)
        let p = planes(call.scratch + memory.p, rows: memory.tiles, channels: outChannels)
        let du = planes(call.scratch + memory.du, rows: outChannels, channels: inChannels)
        let u = planes(call.preparedBackward, rows: outChannels, channels: inChannels)
        func own(_ worker: Int) -> UnsafeMutablePointer<Float> { call.scratch + memory.own + worker * memory.ownCount }
        let dx = call.inputGradients[0]
        if let dx, !call.accumulates[0] {
            parallel.ranges(batch * height * width * inChannels, grain: 4096) { range in
                (dx + range.lowerBound).update(repeating: 0, count: range.count)
            }
        }
        for index in 0..<blocks(memory.tiles) {
            let block = block(index, memory.tiles)
            forEachTiles(of: block, parallel) { tiles, worker in
                transform(Tile.Data.self, call.inputs[0], inChannels, border: 1, block, tiles, into: v, squares: own(worker))
                transform(
                    Tile.OutputTransposed.self, call.outputGradient, outChannels, border: 0, block, tiles, into: p, squares: own(worker))
            }
            forEachChunk(memory.chunk, of: panels.count(inChannels), parallel) { chunk, worker in
                if chunk.lowerBound == 0 { addSums(of: p, block.count, to: call.parameterGradients[1]) }
                let m = planes(own(worker) + squares, rows: memory.tiles, channels: memory.chunk * panels.width)
                for plane in 0..<planes {
                    for panel in chunk {
                        let made = panels.made(panel, of: inChannels)
                        panels.multiplyTransposed(
                            rows: outChannels, inner: block.count, p.panel(0, plane), panel: p.panel, v.panel(panel, plane),
                            into: du.product(panel, plane, columns: made, start: index == 0 ? .zero : .present))
                        guard dx != nil else { continue }
                        panels.multiply(
                            rows: block.count, inner: outChannels, p.left(plane), u.panel(panel, plane),
                            into: m.product(panel - chunk.lowerBound, plane, columns: made))
                    }
                }
                guard let dx else { return }
                addBack(m, block, channels: channels(chunk, of: inChannels), to: dx, squares: own(worker))
            }
        }
        addWeightGradient(du, to: call.parameterGradients[0], squares: own)
    }

    /// db += Σ dy. The point 1 of A·dy sums up dy, so the plane (1, 1) of P holds each tile's sum.
    func addSums(of p: Planes, _ tiles: Int, to db: UnsafeMutablePointer<Float>) {
        for panel in 0..<panels.count(outChannels) {
            let first = panel * panels.width
            let sums = p.panel(panel, Tile.points + 1)
            for tile in 0..<tiles {
                Elementwise.add(min(panels.width, outChannels - first), sums + tile * panels.width, to: db + first)
            }
        }
    }

    /// dx += B·M·Bᵀ for some channels.
    ///
    /// - Parameter m: of these channels alone.
    func addBack(
        _ m: Planes, _ block: Range<Int>, channels: Range<Int>, to dx: UnsafeMutablePointer<Float>, squares: UnsafeMutablePointer<Float>
    ) {
        let n = Tile.points
        let vector = Elementwise.width
        let (result, half) = (squares, squares + planes * vector)
        for tile in block {
            let place = place(tile)
            let (top, left) = (place.row - 1, place.column - 1)
            let rows = max(0, -top)..<min(n, height - top)
            let columns = max(0, -left)..<min(n, width - left)
            let corner = dx + (place.pixel + top * width + left) * inChannels
            Elementwise.forEachVector(channels) { channel, lanes in
                both(
                    Tile.DataTransposed.self, m.at(tile - block.lowerBound, channel - channels.lowerBound),
                    rows: n * m.plane, columns: m.plane, result, rows: n * vector, columns: vector, half)
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
