/// The weights' side: U from the weights going forward, their gradient from U's going back.
extension Winograd {
    /// Floats of U, for either direction.
    var preparedCount: Int {
        isStreaming ? 0 : planes * max(plane(rows: inChannels, channels: outChannels), plane(rows: outChannels, channels: inChannels))
    }

    /// U = G·g·Gᵀ for weights (out, 3, 3, in): planes of (in, out) for forward and of (out, in) for backward, so that both products
    /// read their panels as they lie.
    func prepare(_ call: OperatorCall, for direction: Direction) {
        guard !isStreaming else { return }
        parallel.forEach(parallel.threads) { part in
            let scratch = call.scratch + part * squares
            switch direction {
            case .forward:
                prepareForward(call.parameters[0], into: call.prepared, inputs: range(inChannels, part), squares: scratch)
            case .backward:
                prepareBackward(call.parameters[0], into: call.preparedBackward, outputs: range(outChannels, part), squares: scratch)
            }
        }
    }

    /// One thread's part of some channels, in whole vectors.
    private func range(_ channels: Int, _ part: Int) -> Range<Int> {
        let vectors = (channels + Elementwise.width - 1) / Elementwise.width
        let from = vectors * part / parallel.threads * Elementwise.width
        return min(channels, from)..<min(channels, vectors * (part + 1) / parallel.threads * Elementwise.width)
    }

    /// Eight outputs of one input at a time, eight inputs one after the other as they share cache lines.
    private func prepareForward(
        _ weight: UnsafePointer<Float>, into u: UnsafeMutablePointer<Float>, inputs: Range<Int>, squares: UnsafeMutablePointer<Float>
    ) {
        let vector = Elementwise.width
        let u = planes(u, rows: inChannels, channels: outChannels)
        let (square, half) = (squares, squares + planes * vector)
        for first in stride(from: inputs.lowerBound, to: inputs.upperBound, by: vector) {
            Elementwise.forEachVector(0..<outChannels) { out, lanes in
                for input in first..<min(first + vector, inputs.upperBound) {
                    for lane in 0..<lanes {
                        let source = weight + (out + lane) * 9 * inChannels + input
                        for tap in 0..<9 { square[tap * vector + lane] = source[tap * inChannels] }
                    }
                    both(
                        Tile.Weights.self, square, rows: 3 * vector, columns: vector,
                        u.at(input, out), rows: Tile.points * u.plane, columns: u.plane, half)
                }
            }
        }
    }

    /// Eight inputs of one output at a time.
    private func prepareBackward(
        _ weight: UnsafePointer<Float>, into u: UnsafeMutablePointer<Float>, outputs: Range<Int>, squares: UnsafeMutablePointer<Float>
    ) {
        let vector = Elementwise.width
        let u = planes(u, rows: outChannels, channels: inChannels)
        let (square, half) = (squares, squares + planes * vector)
        for out in outputs {
            Elementwise.forEachVector(0..<inChannels) { input, lanes in
                let source = weight + out * 9 * inChannels + input
                let target = u.at(out, input)
                if lanes == vector {
                    both(
                        Tile.Weights.self, source, rows: 3 * inChannels, columns: inChannels,
                        target, rows: Tile.points * u.plane, columns: u.plane, half)
                } else {
                    for tap in 0..<9 { (square + tap * vector).store((source + tap * inChannels).load(lanes)) }
                    both(
                        Tile.Weights.self, square, rows: 3 * vector, columns: vector,
                        target, rows: Tile.points * u.plane, columns: u.plane, half)
                }
            }
        }
    }

    /// dW += Gᵀ·dU·G
    func addWeightGradient(
        _ du: Planes, to dW: UnsafeMutablePointer<Float>, squares: (Int) -> UnsafeMutablePointer<Float>
    ) {
        let vector = Elementwise.width
        parallel.forEach((outChannels + 7) / 8) { part, worker in
            let result = squares(worker)
            let half = result + planes * vector
            for out in (part * 8)..<min(outChannels, part * 8 + 8) {
                Elementwise.forEachVector(0..<inChannels) { input, lanes in
                    both(
                        Tile.WeightsTransposed.self, du.at(out, input), rows: Tile.points * du.plane, columns: du.plane, result,
                        rows: 3 * vector, columns: vector, half)
                    let target = dW + out * 9 * inChannels + input
                    for tap in 0..<9 {
                        let place = target + tap * inChannels
                        place.store(place.load(lanes) + (result + tap * vector).load(), lanes)
                    }
                }
            }
        }
    }
}
