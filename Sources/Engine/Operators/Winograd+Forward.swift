/// y = x ∗ w + b, and what else is to be added, with U prepared as planes of (in, out).
extension Winograd {
    /// Where forward keeps what it needs, in floats.
    struct ForwardMemory {
        /// Tiles of a block and panels of M at a time.
        let tiles: Int
        let chunk: Int
        /// Whether every thread walks through blocks of its own; else all share each block.
        let isDivided: Bool
        /// Of V and M, from the start of a thread's memory.
        let dataCount: Int
        let productCount: Int
        let count: Int
    }

    var forwardMemory: ForwardMemory {
        // Enough for every weight that is read, few enough for V to stay near.
        let few = blockTiles(48)
        let isDivided = parallel.threads > 1 && blocks(few) >= 2 * parallel.threads
        let tiles = isDivided ? few : blockTiles(max(24, Self.sharedFloats / (planes * inChannels)))
        let chunk = chunk(of: panels.count(outChannels), tiles: tiles, threads: isDivided ? 1 : parallel.threads)
        let dataCount = planes * plane(rows: tiles, channels: inChannels) + Panels.rowsReadBeyond * panels.width
        let productCount = planes * plane(rows: tiles, channels: chunk * panels.width)
        let threads = parallel.threads
        return ForwardMemory(
            tiles: tiles, chunk: chunk, isDivided: isDivided, dataCount: dataCount, productCount: productCount,
            count: threads * (squares + productCount + (isDivided ? dataCount : 0)) + (isDivided ? 0 : dataCount))
    }

    func forward(_ call: OperatorCall) {
        guard !isStreaming else { return forwardStreaming(call) }
        let memory = forwardMemory
        if memory.isDivided {
            parallel.forEach(blocks(memory.tiles)) { index, worker in
                let scratch = call.scratch + worker * (memory.count / parallel.threads)
                forward(call, memory, block(index, memory.tiles), Parallel(threads: 1), scratch: scratch)
            }
        } else {
            for index in 0..<blocks(memory.tiles) {
                forward(call, memory, block(index, memory.tiles), parallel, scratch: call.scratch)
            }
        }
    }

    private func forward(
        _ call: OperatorCall, _ memory: ForwardMemory, _ block: Range<Int>, _ parallel: Parallel, scratch: UnsafeMutablePointer<Float>
    ) {
        let v = planes(scratch, rows: memory.tiles, channels: inChannels)
        let u = planes(call.prepared, rows: inChannels, channels: outChannels)
        func own(_ worker: Int) -> UnsafeMutablePointer<Float> {
            scratch + memory.dataCount + worker * (squares + memory.productCount)
        }
        forEachTiles(of: block, parallel) { tiles, worker in
            transform(Tile.Data.self, call.inputs[0], inChannels, border: 1, block, tiles, into: v, squares: own(worker))
        }
        forEachChunk(memory.chunk, of: panels.count(outChannels), parallel) { chunk, worker in
            let m = planes(own(worker) + squares, rows: memory.tiles, channels: memory.chunk * panels.width)
            for index in 0..<planes {
                for panel in chunk {
                    panels.multiply(
                        rows: block.count, inner: inChannels, v.left(index), u.panel(panel, index),
                        into: m.product(panel - chunk.lowerBound, index, columns: panels.made(panel, of: outChannels)))
                }
            }
            transformProducts(m, block, channels: channels(chunk, of: outChannels), call, squares: own(worker))
        }
    }

    /// y = Aᵀ·M·A + b, and the second input where there is one, for some channels of tiles of m×m outputs, where they lie on the map.
    ///
    /// - Parameter m: of these channels alone.
    private func transformProducts(
        _ m: Planes, _ block: Range<Int>, channels: Range<Int>, _ call: OperatorCall, squares: UnsafeMutablePointer<Float>
    ) {
        let bias = call.parameters[1]
        let (addedMap, addedVector) = (call.addedMap, call.addedVector)
        let (n, outputs) = (Tile.points, Tile.outputs)
        let vector = Elementwise.width
        let (result, half) = (squares, squares + planes * vector)
        for tile in block {
            let place = place(tile)
            let (rows, columns) = (min(outputs, height - place.row), min(outputs, width - place.column))
            let corner = (place.pixel + place.row * width + place.column) * outChannels
            let shift = addedVector.map { $0 + place.pixel / (height * width) * outChannels }
            Elementwise.forEachVector(channels) { channel, lanes in
                both(
                    Tile.Output.self, m.at(tile - block.lowerBound, channel - channels.lowerBound),
                    rows: n * m.plane, columns: m.plane, result, rows: outputs * vector, columns: vector, half)
                var b = (bias + channel).load(lanes)
                if let shift { b += (shift + channel).load(lanes) }
                for row in 0..<rows {
                    for column in 0..<columns {
                        let target = corner + (row * width + column) * outChannels + channel
                        var value = (result + (row * outputs + column) * vector).load() + b
                        if let addedMap { value += (addedMap + target).load(lanes) }
                        (call.output + target).store(value, lanes)
                    }
                }
            }
        }
    }
}
