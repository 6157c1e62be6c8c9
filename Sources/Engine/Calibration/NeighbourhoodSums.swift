/// The sums of normal equations (``NormalEquations``) whose rows are the 3 × 3 pixels around every pixel of a map, zeros where there are none: of
/// a 3 × 3 convolution. Rows are never laid out.
///
/// With P the map in a border of zeros, the sum for the pixels at a and b from the middle is Σ P(p+a) P(p+b)ᵀ over the map's pixels p. Over all
/// q = p + a it would depend on d = b - a alone, of which there are 25, 13 with their mirrors: those products are made, Σ P(q) P(q+d)ᵀ. What they
/// have too much is where q - a is not on the map: q in the first or the last row, or column. In the first row, say, a looks down; then q + d is on the map
/// only where b looks as far down as a does. So each side's row has to do with three products, each column as well, and each corner with one.
package final class NeighbourhoodSums {
    private let input: Shape
    private let outputs: Int
    private let batch: Int
    private let layout: NeighbourhoodLayout
    /// All sums so far, in the order of ``NeighbourhoodLayout``.
    private var sums: [Double]

    /// Pixels of a run, whose sums are taken in float32, at most, where a map has no more by itself.
    private static let run = 2048
    /// Floats of the maps and their residuals that are laid out in their borders at a time, about.
    private static let blockSize = 4 << 20
    /// Floats that the sums of runs may take that are made side by side.
    private static let runMemory = 2 << 20
    /// Pixels before and after a block that products reach over.
    private static let slack = 4
    /// Tasks of a run: a product of each of three rows below, what goes with the residuals, and the borders.
    private static let tasks = 5

    /// - Parameters:
    ///   - input: one map.
    ///   - outputs: numbers of a residual.
    package init(_ input: Shape, outputs: Int, batch: Int) {
        (self.input, self.outputs, self.batch) = (input, outputs, batch)
        layout = NeighbourhoodLayout(channels: input.channels, outputs: outputs)
        sums = [Double](repeating: 0, count: layout.count)
    }

    /// Whether they are had for less than from rows: small maps are mostly border.
    package static func pay(_ input: Shape) -> Bool { input.channels >= 8 && min(input.height, input.width) >= 4 }

    /// What they take of a pixel, without its share of the borders.
    static func multiplyAccumulates(_ input: Shape, outputs: Int) -> Int { input.channels * (13 * input.channels + 9 * outputs) }

    /// Bytes that the sums take, without working memory.
    static func bytes(_ input: Shape, outputs: Int) -> Int {
        NeighbourhoodLayout(channels: input.channels, outputs: outputs).count * MemoryLayout<Double>.stride
    }

    /// Pixels of a map in its border.
    private static func bordered(_ input: Shape) -> Int { (input.height + 2) * (input.width + 2) }

    /// Pixels of a block in memory: the maps, a row below, and what is reached over.
    private static func blockPixels(_ input: Shape, images: Int) -> Int { bordered(input) * images + input.width + 2 + 2 * slack }

    /// Maps of a run, of a block, and runs side by side.
    private struct Sizes {
        let run: Int
        let block: Int
        let runs: Int

        init(_ input: Shape, outputs: Int, batch: Int) {
            run = min(batch, max(1, NeighbourhoodSums.run / input.pixels))
            let most = NeighbourhoodSums.blockSize / (NeighbourhoodSums.bordered(input) * (input.channels + outputs))
            let inBlock = min((batch + run - 1) / run, max(1, most / run))
            block = inBlock * run
            runs = min(inBlock, max(1, NeighbourhoodSums.runMemory / NeighbourhoodLayout(channels: input.channels, outputs: outputs).count))
        }
    }

    /// Floats of working memory.
    package static func floats(_ input: Shape, outputs: Int, batch: Int) -> Int {
        let sizes = Sizes(input, outputs: outputs, batch: batch)
        return blockPixels(input, images: sizes.block) * (input.channels + outputs)
            + sizes.runs * NeighbourhoodLayout(channels: input.channels, outputs: outputs).count
    }

    /// Adds all maps.
    ///
    /// - Parameters:
    ///   - maps: (batch, height, width, channels).
    ///   - memory: ``floats(_:outputs:batch:)`` of them; what it holds does not matter.
    ///   - residual: writes a pixel's, counted through the batch.
    package func add(
        _ maps: UnsafePointer<Float>, memory: UnsafeMutablePointer<Float>, parallel: Parallel,
        residual: (Int, UnsafeMutablePointer<Float>) -> Void
    ) {
        let sizes = Sizes(input, outputs: outputs, batch: batch)
        let pixels = Self.blockPixels(input, images: sizes.block)
        let block = NeighbourhoodBlock(
            input: input, outputs: outputs, layout: layout, map: memory + Self.slack * input.channels,
            residuals: memory + pixels * input.channels + Self.slack * outputs)
        let slots = memory + pixels * (input.channels + outputs)
        for first in stride(from: 0, to: batch, by: sizes.block) {
            let images = first..<min(batch, first + sizes.block)
            memory.update(repeating: 0, count: pixels * (input.channels + outputs))
            parallel.forEach(images.count) { block.lay(out: $0, of: maps, image: images.lowerBound + $0, residual) }
            let runs = (images.count + sizes.run - 1) / sizes.run
            for start in stride(from: 0, to: runs, by: sizes.runs) {
                let some = start..<min(runs, start + sizes.runs)
                parallel.forEach(some.count * Self.tasks) { task in
                    let (place, kind) = (task / Self.tasks, task % Self.tasks)
                    let run = (some.lowerBound + place) * sizes.run
                    block.sum(kind, run..<min(images.count, run + sizes.run), into: slots + place * layout.count)
                }
                take(slots, some.count, parallel)
            }
        }
    }

    /// Adds the sums of runs up, in their order.
    private func take(_ slots: UnsafePointer<Float>, _ runs: Int, _ parallel: Parallel) {
        let count = layout.count
        sums.withUnsafeMutableBufferPointer { sums in
            guard let sums = sums.baseAddress else { return }
            parallel.ranges(count, grain: 4096) { part in
                for run in 0..<runs {
                    let slot = slots + run * count
                    for index in part { sums[index] += Double(slot[index]) }
                }
            }
        }
    }

    // MARK: What rows would have given

    /// Adds the sums to those of normal equations.
    ///
    /// - Parameters:
    ///   - gram: (9 · channels + 1)², row-major, columns in the order of kernel rows, kernel columns, channels: what is left of the diagonal, and
    ///     it.
    ///   - right: outputs × (9 · channels + 1).
    package func write(gram: UnsafeMutablePointer<Double>, right: UnsafeMutablePointer<Double>) {
        let channels = input.channels
        let (columns, size) = (9 * channels, 9 * channels + 1)
        for a in 0..<9 {
            for b in 0...a {
                for row in 0..<channels {
                    let target = gram + (a * channels + row) * size + b * channels
                    for column in 0..<(a == b ? row + 1 : channels) { target[column] += product(a, b, row, column) }
                }
            }
            for channel in 0..<channels { gram[columns * size + a * channels + channel] += pixelSum(a, channel) }
            for output in 0..<outputs {
                for channel in 0..<channels {
                    right[output * size + a * channels + channel] +=
                        sums[layout.rights + ((a / 3) * outputs + output) * 3 * channels + a % 3 * channels + channel]
                }
            }
        }
        gram[size * size - 1] += Double(batch * input.pixels)
        for output in 0..<outputs { right[output * size + columns] += sums[layout.residuals + output] }
    }

    /// Σ P(p+a) at a channel times P(p+b) at another, a and b numbers of the kernel's pixels.
    private func product(_ a: Int, _ b: Int, _ row: Int, _ column: Int) -> Double {
        let channels = input.channels
        let (down, right) = (b / 3 - a / 3, b % 3 - a % 3)
        // Of d and -d one is kept, for which the channels change places.
        let isMirrored = down < 0 || down == 0 && right < 0
        let (first, second) = isMirrored ? (column, row) : (row, column)
        let (y, x) = isMirrored ? (-down, -right) : (down, right)
        let width = y == 0 ? 3 : 5
        var sum = sums[layout.products[y] + (first * width + (y == 0 ? x : x + 2)) * channels + second]
        if down == 0, let side = Self.side(a / 3) { sum -= sums[layout.rows + ((side * channels + first) * 3 + x) * channels + second] }
        if right == 0, let side = Self.side(a % 3) { sum -= sums[layout.columns + ((side * 3 + y) * channels + first) * channels + second] }
        if a == b, let line = Self.side(a / 3), let side = Self.side(a % 3) {
            sum += sums[layout.corners + ((line * 2 + side) * channels + first) * channels + second]
        }
        return sum
    }

    /// Σ P(p+a) at a channel.
    private func pixelSum(_ a: Int, _ channel: Int) -> Double {
        func sum(_ kind: Int) -> Double { sums[layout.pixels + kind * input.channels + channel] }
        let (line, side) = (Self.side(a / 3), Self.side(a % 3))
        var total = sum(0)
        if let line { total -= sum(1 + line) }
        if let side { total -= sum(3 + side) }
        if let line, let side { total += sum(5 + 2 * line + side) }
        return total
    }

    /// Which row, or column, of the map is not reached by the kernel's first, second or third: the last, none or the first.
    private static func side(_ place: Int) -> Int? { place == 1 ? nil : place == 2 ? 0 : 1 }
}
