import Kernels

/// Backward for few tiles: weights are transformed and their gradient is transformed back some at a time, in a core's own cache.
extension Winograd {
    /// Where backward keeps what it needs, in floats.
    private struct BackwardPlaces {
        /// Outputs and panels of inputs whose weights are transformed at a time.
        let outs = 32
        let chunk: Int
        /// Offsets of P and of what each thread has: squares, M, and U or its gradient.
        let p: Int
        let own: Int
        let ownCount: Int
        let mCount: Int
        let count: Int
    }

    private var backwardPlaces: BackwardPlaces {
        let most = (planes > 16 ? 32 : 64) / panels.width
        let chunk = max(1, min(most, panels.count(inChannels) / (2 * parallel.threads)))
        let p = planes * plane(rows: tiles, channels: inChannels)
        let own = p + planes * plane(rows: tiles, channels: outChannels) + Panels.rowsReadBeyond * panels.width
        let mCount = planes * plane(rows: tiles, channels: chunk * panels.width)
        let ownCount = squares + mCount + planes * plane(rows: 32, channels: chunk * panels.width)
        return BackwardPlaces(
            chunk: chunk, p: p, own: own, ownCount: ownCount, mCount: mCount, count: own + parallel.threads * ownCount)
    }

    var streamingBackwardCount: Int { backwardPlaces.count }

    /// Threads divide the input's channels, so that one alone adds to a channel of dW and dx, always in the same order.
    func backwardStreaming(_ call: OperatorCall) {
        let memory = backwardPlaces
        let v = planes(call.scratch, rows: tiles, channels: inChannels)
        let p = planes(call.scratch + memory.p, rows: tiles, channels: outChannels)
        func own(_ worker: Int) -> UnsafeMutablePointer<Float> { call.scratch + memory.own + worker * memory.ownCount }
        let dx = call.inputGradients[0]
        if let dx, !call.accumulates[0] {
            parallel.ranges(batch * height * width * inChannels, grain: 4096) { range in
                (dx + range.lowerBound).update(repeating: 0, count: range.count)
            }
        }
        parallel.forEach((tiles + 3) / 4) { group, worker in
            let part = (group * 4)..<min(tiles, group * 4 + 4)
            transform(Tile.Data.self, call.inputs[0], inChannels, border: 1, 0..<tiles, part, into: v, squares: own(worker))
            transform(
                Tile.OutputTransposed.self, call.outputGradient, outChannels, border: 0, 0..<tiles, part, into: p, squares: own(worker))
        }
        addSums(of: p, tiles, to: call.parameterGradients[1])
        forEachChunk(memory.chunk, of: panels.count(inChannels), parallel) { chunk, worker in
            let m = planes(own(worker) + squares, rows: tiles, channels: memory.chunk * panels.width)
            for first in stride(from: 0, to: outChannels, by: memory.outs) {
                let outs = first..<min(outChannels, first + memory.outs)
                let u = planes(own(worker) + squares + memory.mCount, rows: outs.count, channels: memory.chunk * panels.width)
                if dx != nil {
                    for out in outs {
                        transformWeights(
                            call.parameters[0], out: out, channels(chunk, of: inChannels), into: u.at(out - first, 0), plane: u.plane,
                            step: { u.at(0, $0) - u.pointer }, squares: own(worker))
                        prefetch(call.parameters[0], out: out + memory.outs, channels(chunk, of: inChannels))
                    }
                }
                for plane in 0..<planes {
                    for panel in chunk {
                        let (place, made) = (panel - chunk.lowerBound, panels.made(panel, of: inChannels))
                        if dx != nil {
                            panels.multiply(
                                rows: tiles, inner: outs.count,
                                LeftMatrix(panels: p.panel(first / panels.width, plane), width: panels.width, panel: p.panel),
                                u.panel(place, plane), into: m.product(place, plane, columns: made, start: first == 0 ? .zero : .present))
                        }
                        panels.multiplyTransposed(
                            rows: outs.count, inner: tiles, p.panel(first / panels.width, plane), panel: p.panel, v.panel(panel, plane),
                            into: u.product(place, plane, columns: made))
                    }
                }
                addGradient(of: u, outs, channels(chunk, of: inChannels), to: call.parameterGradients[0], squares: own(worker))
            }
            guard let dx else { return }
            addBack(m, 0..<tiles, channels: channels(chunk, of: inChannels), to: dx, squares: own(worker))
        }
    }

    /// Asks for one output's weights or their gradient before the next block needs them: runs of them are short.
    private func prefetch(_ weight: UnsafePointer<Float>, out: Int, _ ins: Range<Int>) {
        guard out < outChannels else { return }
        for tap in 0..<9 { Kernels.prefetch(weight + (out * 9 + tap) * inChannels + ins.lowerBound, count: ins.count) }
    }

    /// dW += Gᵀ·dU·G of some outputs and inputs.
    private func addGradient(
        of du: Planes, _ outs: Range<Int>, _ ins: Range<Int>, to dW: UnsafeMutablePointer<Float>, squares: UnsafeMutablePointer<Float>
    ) {
        let vector = Elementwise.width
        let (result, half) = (squares, squares + planes * vector)
        for out in outs {
            prefetch(dW, out: out + outs.count, ins)
            Elementwise.forEachVector(ins) { input, lanes in
                both(
                    Tile.WeightsTransposed.self, du.at(out - outs.lowerBound, input - ins.lowerBound), rows: Tile.points * du.plane,
                    columns: du.plane, result, rows: 3 * vector, columns: vector, half)
                let target = dW + out * 9 * inChannels + input
                for tap in 0..<9 {
                    let place = target + tap * inChannels
                    place.store(place.load(lanes) + (result + tap * vector).load(), lanes)
                }
            }
        }
    }
}
