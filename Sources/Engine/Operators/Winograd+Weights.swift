/// The weights' side: U from the weights going forward, their gradient from U's going back.
extension Winograd {
    /// Floats of U.
    var preparedCount: Int { planes * plane(outChannels * inChannels) }

    /// U = G·g·Gᵀ for weights (out, 3, 3, in): planes of (in, out) for forward and of (out, in) for backward, so that both products
    /// read their rows as they lie.
    func prepare(_ call: OperatorCall, for direction: Direction) {
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
        let plane = plane(outChannels * inChannels)
        let (square, half, result) = (squares, squares + planes * vector, squares + 2 * planes * vector)
        for first in stride(from: inputs.lowerBound, to: inputs.upperBound, by: vector) {
            Elementwise.forEachVector(0..<outChannels) { out, lanes in
                for input in first..<min(first + vector, inputs.upperBound) {
                    for lane in 0..<lanes {
                        let source = weight + (out + lane) * 9 * inChannels + input
                        for tap in 0..<9 { square[tap * vector + lane] = source[tap * inChannels] }
                    }
                    let target = u + input * outChannels + out
                    if lanes == vector {
                        both(
                            { Tile.weights($0, $1, $2, $3) }, from: 3, to: Tile.points, square, rows: 3 * vector, columns: vector,
                            target, rows: Tile.points * plane, columns: plane, half)
                    } else {
                        both(
                            { Tile.weights($0, $1, $2, $3) }, from: 3, to: Tile.points, square, rows: 3 * vector, columns: vector,
                            result, rows: Tile.points * vector, columns: vector, half)
                        for index in 0..<planes { (target + index * plane).store((result + index * vector).load(), lanes) }
                    }
                }
            }
        }
    }

    /// Eight inputs of one output at a time.
    private func prepareBackward(
        _ weight: UnsafePointer<Float>, into u: UnsafeMutablePointer<Float>, outputs: Range<Int>, squares: UnsafeMutablePointer<Float>
    ) {
        let vector = Elementwise.width
        let plane = plane(outChannels * inChannels)
        let (square, half, result) = (squares, squares + planes * vector, squares + 2 * planes * vector)
        for out in outputs {
            Elementwise.forEachVector(0..<inChannels) { input, lanes in
                let source = weight + out * 9 * inChannels + input
                let target = u + out * inChannels + input
                if lanes == vector {
                    both(
                        { Tile.weights($0, $1, $2, $3) }, from: 3, to: Tile.points, source, rows: 3 * inChannels, columns: inChannels,
                        target, rows: Tile.points * plane, columns: plane, half)
                } else {
                    for tap in 0..<9 { (square + tap * vector).store((source + tap * inChannels).load(lanes)) }
                    both(
                        { Tile.weights($0, $1, $2, $3) }, from: 3, to: Tile.points, square, rows: 3 * vector, columns: vector,
                        result, rows: Tile.points * vector, columns: vector, half)
                    for index in 0..<planes { (target + index * plane).store((result + index * vector).load(), lanes) }
                }
            }
        }
    }

    /// dW += Gᵀ·dU·G, with dU the sum of what each share has found, `apart` floats from one to the next.
    func addWeightGradient(
        _ du: UnsafeMutablePointer<Float>, shares: Int, apart: Int, to dW: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let plane = plane(outChannels * inChannels)
        let vector = Elementwise.width
        parallel.forEach(parallel.threads) { part in
            let square = scratch + part * squares
            let (half, result) = (square + planes * vector, square + 2 * planes * vector)
            for out in (outChannels * part / parallel.threads)..<(outChannels * (part + 1) / parallel.threads) {
                Elementwise.forEachVector(0..<inChannels) { input, lanes in
                    let source = du + out * inChannels + input
                    if lanes == vector && shares == 1 {
                        both(
                            { Tile.weightsTransposed($0, $1, $2, $3) }, from: Tile.points, to: 3, source, rows: Tile.points * plane,
                            columns: plane, result, rows: 3 * vector, columns: vector, half)
                    } else {
                        for index in 0..<planes {
                            var sum = (source + index * plane).load(lanes)
                            for share in 1..<max(1, shares) { sum += (source + index * plane + share * apart).load(lanes) }
                            (square + index * vector).store(sum)
                        }
                        both(
                            { Tile.weightsTransposed($0, $1, $2, $3) }, from: Tile.points, to: 3, square, rows: Tile.points * vector,
                            columns: vector, result, rows: 3 * vector, columns: vector, half)
                    }
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
