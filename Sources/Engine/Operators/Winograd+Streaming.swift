import Kernels

/// Forward for few tiles, as small maps have in small batches: weights are then read more often than data, and transforming them all
/// would write and read four times as much. So some at a time are transformed in a core's own cache, multiplied and forgotten; their rows are
/// the products' left operand, as they lie, and tiles are the columns.
extension Winograd {
    /// Whether weights are transformed as they are needed, so that nothing is prepared.
    var isStreaming: Bool { tiles <= 64 }

    /// What carrying it out costs, in multiplications for a pair of channels: those of the tiles, transforming the weights, and reading
    /// prepared ones. As measured with few tiles: going back, the sums that make the weights' gradient are then as short as the tiles are
    /// few.
    func cost(_ direction: Direction) -> Int {
        guard isStreaming else { return planes * (tiles + 32) }
        let lanes = PanelProducts<Vector>.width
        return planes * ((tiles + lanes - 1) / lanes * lanes + (direction == .forward ? 4 : 25))
    }

    /// Products whose columns are tiles.
    private var tilePanels: Panels { tiles <= PanelProducts<Vector>.width ? Panels(isWide: false) : panels }

    /// Where forward keeps what it needs, in floats.
    private struct ForwardPlaces {
        /// Outputs and inputs whose weights are transformed at a time.
        let outs = 24
        let ins: Int
        /// Floats from one plane to the next, of V, U and M.
        let v: Int
        let u: Int
        let m: Int
        /// All of V, then what each thread has: vectors half-way, and either V of eight tiles or U, M and finished squares.
        let vCount: Int
        let ownCount: Int
    }

    private var forwardPlaces: ForwardPlaces {
        // U takes a third of the cache.
        let ins = planes > 16 ? 48 : 96
        let tiles = tilePanels.count(tiles) * tilePanels.width
        let (v, u, m) = (tiles * inChannels + 16, 24 * ins, 24 * tiles + 16)
        let eight = planes * plane(rows: 8, channels: inChannels)
        let finished = (Tile.outputs * Tile.outputs + 1) * 64
        return ForwardPlaces(
            ins: ins, v: v, u: u, m: m, vCount: planes * v, ownCount: squares + max(eight, planes * (u + m) + finished))
    }

    var streamingCount: Int { forwardPlaces.vCount + parallel.threads * forwardPlaces.ownCount }

    func forwardStreaming(_ call: OperatorCall) {
        let (memory, tilePanels) = (forwardPlaces, tilePanels)
        let v = call.scratch
        func own(_ worker: Int) -> UnsafeMutablePointer<Float> { v + memory.vCount + worker * memory.ownCount }
        parallel.forEach((tiles + 7) / 8) { group, worker in
            transformColumns(call.inputs[0], (group * 8)..<min(tiles, group * 8 + 8), into: v, memory, own(worker))
        }
        parallel.forEach((outChannels + memory.outs - 1) / memory.outs) { part, worker in
            let outs = (part * memory.outs)..<min(outChannels, (part + 1) * memory.outs)
            let u = own(worker) + squares
            let m = u + planes * memory.u
            for first in stride(from: 0, to: inChannels, by: memory.ins) {
                let ins = first..<min(inChannels, first + memory.ins)
                for out in outs {
                    transformWeights(
                        call.parameters[0], out: out, ins, into: u + (out - outs.lowerBound) * memory.ins, plane: memory.u,
                        step: { $0 }, squares: own(worker))
                    // Those of the next block.
                    for tap in 0..<9 {
                        prefetch(
                            call.parameters[0] + (out * 9 + tap) * inChannels + ins.upperBound,
                            count: min(memory.ins, inChannels - ins.upperBound))
                    }
                }
                for plane in 0..<planes {
                    for panel in 0..<tilePanels.count(tiles) {
                        tilePanels.multiply(
                            rows: outs.count, inner: ins.count, LeftMatrix(rows: u + plane * memory.u, apart: memory.ins),
                            v + plane * memory.v + (panel * inChannels + first) * tilePanels.width,
                            into: ProductPanel(
                                m + plane * memory.m + panel * memory.outs * tilePanels.width, leading: tilePanels.width,
                                columns: tilePanels.width, start: first == 0 ? .zero : .present))
                    }
                }
            }
            for first in stride(from: outs.lowerBound, to: outs.upperBound, by: 8) {
                finish(m, outs.lowerBound, first..<min(outs.upperBound, first + 8), call, memory, squares: own(worker))
            }
        }
    }

    /// V of eight tiles or fewer, as columns.
    private func transformColumns(
        _ x: UnsafePointer<Float>, _ tiles: Range<Int>, into v: UnsafeMutablePointer<Float>, _ memory: ForwardPlaces,
        _ own: UnsafeMutablePointer<Float>
    ) {
        let width = tilePanels.width
        let rows = planes(own + squares, rows: 8, channels: inChannels)
        transform(Tile.Data.self, x, inChannels, border: 1, tiles, tiles, into: rows, squares: own)
        let (panel, lane) = (tiles.lowerBound / width, tiles.lowerBound % width)
        for plane in 0..<planes {
            for first in stride(from: 0, to: inChannels, by: rows.width) {
                Transposition.matrix(
                    rows: 8, columns: min(rows.width, inChannels - first), rows.panel(first / rows.width, plane), apart: rows.width,
                    into: v + plane * memory.v + (panel * inChannels + first) * width + lane, step: width)
            }
        }
    }

    /// U of one output and some inputs.
    ///
    /// - Parameters:
    ///   - plane: floats from one plane of U to the next.
    ///   - step: where a run of eight inputs goes, counted from the first.
    @inline(__always)
    func transformWeights(
        _ weight: UnsafePointer<Float>, out: Int, _ ins: Range<Int>, into u: UnsafeMutablePointer<Float>, plane: Int, step: (Int) -> Int,
        squares: UnsafeMutablePointer<Float>
    ) {
        let vector = Elementwise.width
        let (square, half) = (squares, squares + planes * vector)
        Elementwise.forEachVector(ins) { input, lanes in
            let source = weight + out * 9 * inChannels + input
            let target = u + step(input - ins.lowerBound)
            if lanes == vector {
                both(
                    Tile.Weights.self, source, rows: 3 * inChannels, columns: inChannels, target, rows: Tile.points * plane,
                    columns: plane, half)
            } else {
                for tap in 0..<9 { (square + tap * vector).store((source + tap * inChannels).load(lanes)) }
                both(
                    Tile.Weights.self, square, rows: 3 * vector, columns: vector, target, rows: Tile.points * plane, columns: plane, half)
            }
        }
    }

    /// y = Aᵀ·M·A + b, and the second input where there is one, of eight outputs or fewer.
    private func finish(
        _ m: UnsafeMutablePointer<Float>, _ start: Int, _ outs: Range<Int>, _ call: OperatorCall, _ memory: ForwardPlaces,
        squares: UnsafeMutablePointer<Float>
    ) {
        let (addedMap, addedVector) = (call.addedMap, call.addedVector)
        let (n, outputs, tileWidth) = (Tile.points, Tile.outputs, tilePanels.width)
        let half = squares
        let result = m + planes * memory.m
        let turned = result + outputs * outputs * 64
        let b = (call.parameters[1] + outs.lowerBound).load(outs.count)
        for first in stride(from: 0, to: tiles, by: 8) {
            let lane = first / tileWidth * memory.outs * tileWidth + first % tileWidth
            for out in outs {
                both(
                    Tile.Output.self, m + (out - start) * tileWidth + lane, rows: n * memory.m, columns: memory.m,
                    result + (out - outs.lowerBound) * 8, rows: outputs * 64, columns: 64, half)
            }
            for index in 0..<(outputs * outputs) {
                Transposition.square(result + index * 64, apart: 8, into: turned, step: 8)
                for tile in first..<min(tiles, first + 8) {
                    let place = place(tile)
                    let (row, column) = (place.row + index / outputs, place.column + index % outputs)
                    guard row < height, column < width else { continue }
                    let target = (place.pixel + row * width + column) * outChannels + outs.lowerBound
                    var value = (turned + (tile - first) * 8).load() + b
                    if let addedVector {
                        value += (addedVector + place.pixel / (height * width) * outChannels + outs.lowerBound).load(outs.count)
                    }
                    if let addedMap { value += (addedMap + target).load(outs.count) }
                    (call.output + target).store(value, outs.count)
                }
            }
        }
    }
}
