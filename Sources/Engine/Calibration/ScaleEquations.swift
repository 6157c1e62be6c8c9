/// The least-squares problem of a norm's scale and shift: for each channel on its own, of what comes before an activation.
struct ScaleEquations {
    private struct Sums {
        /// Of rows x, of x².
        var x = 0.0
        var xx = 0.0
        /// Of residuals r, of r · x, of r².
        var r = 0.0
        var rx = 0.0
        var rr = 0.0
        /// Of squares of what the original gives.
        var yy = 0.0
    }

    private let step: Executor.Step
    private var sums: [Sums]
    private let pixels: SpreadPixels

    /// Gathers the sums of a layer and of its original.
    init(_ step: Executor.Step, like original: Executor.Step, _ kept: [Int]) {
        self.step = step
        let (call, other) = (step.call, original.call)
        let (channels, all) = (kept.count, other.shape.output.channels)
        let pixels = SpreadPixels(call.batch * call.shape.output.pixels)
        self.pixels = pixels
        let block = min(pixels.count, 1024)
        let (mine, theirs) = (Buffer(count: block * channels), Buffer(count: block * all))
        var sums = [Sums](repeating: Sums(), count: channels)
        for start in stride(from: 0, to: pixels.count, by: block) {
            let count = min(block, pixels.count - start)
            call.parallel.ranges(count, grain: 8) { part in
                for index in part {
                    let pixel = pixels.pixel(start + index)
                    step.operation.linearRows(call, pixel..<(pixel + 1), into: mine.pointer + index * channels)
                    original.operation.linearRows(other, pixel..<(pixel + 1), into: theirs.pointer + index * all)
                }
            }
            sums.withUnsafeMutableBufferPointer { sums in
                guard let sums = sums.baseAddress else { return }
                call.parallel.ranges(channels, grain: 8) { part in
                    for channel in part {
                        let source = kept[channel]
                        let (w, b) = (call.parameters[0][channel], call.parameters[1][channel])
                        let (v, c) = (other.parameters[0][source], other.parameters[1][source])
                        for index in 0..<count {
                            let x = mine.pointer[index * channels + channel]
                            let y = v * theirs.pointer[index * all + source] + c
                            let r = Double(y - (w * x + b))
                            sums[channel].x += Double(x)
                            sums[channel].xx += Double(x * x)
                            sums[channel].r += r
                            sums[channel].rx += r * Double(x)
                            sums[channel].rr += r * r
                            sums[channel].yy += Double(y * y)
                        }
                    }
                }
            }
        }
        self.sums = sums
    }

    /// Changes scale and shift to the solution, the scale held back by `ridge` times the mean square of the rows.
    ///
    /// - Returns: the squared residuals over the square of what the original gives, before and after; nil where there are none.
    func solve(ridge: Double) -> (before: Double, after: Double)? {
        let before = sums.reduce(0) { $0 + $1.rr }
        guard before > 0 else { return nil }
        let count = Double(pixels.count)
        var after = before
        for (channel, sum) in sums.enumerated() {
            let xx = sum.xx * (1 + ridge)
            let determinant = xx * count - sum.x * sum.x
            guard determinant > 0 else { continue }
            let scale = (sum.rx * count - sum.r * sum.x) / determinant
            let shift = (xx * sum.r - sum.x * sum.rx) / determinant
            step.call.parameters[0][channel] += Float(scale)
            step.call.parameters[1][channel] += Float(shift)
            after += scale * scale * sum.xx + shift * shift * count + 2 * scale * shift * sum.x - 2 * scale * sum.rx - 2 * shift * sum.r
        }
        let whole = sums.reduce(0) { $0 + $1.yy }
        return (before / whole, max(0, after) / whole)
    }
}
