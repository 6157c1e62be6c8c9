/// The normal equations of a least-squares problem: over all rows x with residuals r, Σ x xᵀ and Σ r xᵀ, x with a 1 at its end for the bias.
/// Where there is no bias its equation says that it stays what it is.
///
/// Rows come in blocks, or not at all where maps give the same sums (``NeighbourhoodSums``); each block's sums are taken in float32 and added
/// up in double. Where a row is short a block is divided into runs of rows, which threads go through side by side; where it is long the sums
/// are divided. Which it is, and so every bit of the sums, does not depend on how many threads there are.
final class NormalEquations {
    /// Numbers of a row, without the 1.
    let columns: Int
    /// Numbers of a residual.
    let outputs: Int
    private let hasBias: Bool
    /// Σ x xᵀ: (columns + 1)², row-major; of each row what is left of the diagonal, and it.
    private var gram: [Double]
    /// Σ r xᵀ: outputs × (columns + 1).
    private var right: [Double]
    private let memory: Buffer
    private let parallel: Parallel

    /// Rows or columns of a part of the sums that one thread makes at a time.
    private static let tile = 128
    /// Rows of a run at least.
    private static let run = 2048
    /// Floats that the sums of all runs of a block may take together.
    private static let runMemory = 2 << 20

    /// - Parameter memory: to work in, at least ``floats(columns:outputs:rows:threads:)`` for as many rows as a block has at most; what it holds
    ///   does not matter.
    init(columns: Int, outputs: Int, hasBias: Bool = true, memory: Buffer, parallel: Parallel) {
        self.columns = columns
        self.outputs = outputs
        self.hasBias = hasBias
        self.parallel = parallel
        gram = [Double](repeating: 0, count: (columns + 1) * (columns + 1))
        right = [Double](repeating: 0, count: outputs * (columns + 1))
        self.memory = memory
    }

    /// Bytes that so many columns and outputs take, with what solving them takes beside, without working memory.
    static func bytes(columns: Int, outputs: Int) -> Int { MemoryLayout<Double>.stride * (columns + 1) * (columns + 1 + 3 * outputs) }

    /// Floats of working memory for so many columns and outputs, and blocks of so many rows.
    static func floats(columns: Int, outputs: Int, rows: Int, threads: Int) -> Int {
        let runs = runs(rows, columns: columns, outputs: outputs)
        // A last block of few rows may have no runs where others do.
        return max(runs > 1 ? runs * (columns + outputs) * (columns + 1) : 0, threads * tile * (columns + 1))
    }

    /// In how many runs so many rows are divided.
    private static func runs(_ rows: Int, columns: Int, outputs: Int) -> Int {
        min(rows / run, runMemory / ((columns + outputs) * (columns + 1)))
    }

    /// Adds a block.
    ///
    /// - Parameters:
    ///   - x: (count, leading), of which the first ``columns`` numbers of each row count.
    ///   - residuals: (count, ``outputs``).
    func add(_ count: Int, x: UnsafePointer<Float>, leading: Int, residuals: UnsafePointer<Float>) {
        let runs = Self.runs(count, columns: columns, outputs: outputs)
        gram.withUnsafeMutableBufferPointer { gram in
            right.withUnsafeMutableBufferPointer { right in
                guard let gram = gram.baseAddress, let right = right.baseAddress else { return }
                gram[(columns + 1) * (columns + 1) - 1] += Double(count)
                guard runs > 1 else {
                    addTiles(count, x, leading, outputs: columns, x, leading, into: gram, isSymmetric: true)
                    addTiles(count, x, leading, outputs: outputs, residuals, outputs, into: right, isSymmetric: false)
                    addSums(count, x, leading, columns, into: gram + columns * (columns + 1), stride: 1)
                    addSums(count, residuals, outputs, outputs, into: right + columns, stride: columns + 1)
                    return
                }
                addRuns(runs, count, x, leading, residuals, into: gram, right)
            }
        }
    }

    /// Adds the sums of all pixels of maps.
    func add(_ sums: NeighbourhoodSums) {
        gram.withUnsafeMutableBufferPointer { gram in
            right.withUnsafeMutableBufferPointer { right in
                guard let gram = gram.baseAddress, let right = right.baseAddress else { return }
                sums.write(gram: gram, right: right)
            }
        }
    }

    /// Every run's sums side by side, then all of them in the runs' order.
    private func addRuns(
        _ runs: Int, _ count: Int, _ x: UnsafePointer<Float>, _ leading: Int, _ residuals: UnsafePointer<Float>,
        into gram: UnsafeMutablePointer<Double>, _ right: UnsafeMutablePointer<Double>
    ) {
        let (columns, outputs, size) = (columns, outputs, columns + 1)
        let slot = (columns + outputs) * size
        parallel.forEach(runs) { run in
            let (first, last) = (count * run / runs, count * (run + 1) / runs)
            let (rows, differences, sums) = (x + first * leading, residuals + first * outputs, memory.pointer + run * slot)
            Matrix.multiplyByItself(size: columns, inner: last - first, rows, leading: leading, into: sums, leading: size)
            Matrix.multiply(
                rows: outputs, columns: columns, inner: last - first, differences, leading: outputs, transposeA: true, rows,
                leading: leading, into: sums + columns * size, leading: size)
            // What goes with the 1 stands behind the others.
            Self.sum(last - first, rows, leading, columns, into: sums + columns, stride: size)
            Self.sum(last - first, differences, outputs, outputs, into: sums + columns * size + columns, stride: size)
        }
        parallel.ranges(columns + outputs, grain: 8) { part in
            for row in part {
                let isRight = row >= columns
                let target = isRight ? right + (row - columns) * size : gram + row * size
                for run in 0..<runs {
                    let sums = memory.pointer + run * slot + row * size
                    for column in 0..<(isRight ? columns : row + 1) { target[column] += Double(sums[column]) }
                    if isRight { target[columns] += Double(sums[columns]) } else { gram[columns * size + row] += Double(sums[columns]) }
                }
            }
        }
    }

    /// Sums of so many columns over the rows of a run, added up in double and rounded once.
    private static func sum(
        _ count: Int, _ rows: UnsafePointer<Float>, _ leading: Int, _ columns: Int, into target: UnsafeMutablePointer<Float>, stride: Int
    ) {
        var sums = [Double](repeating: 0, count: columns)
        sums.withUnsafeMutableBufferPointer { sums in
            guard let sums = sums.baseAddress else { return }
            for row in 0..<count {
                let numbers = rows + row * leading
                for column in 0..<columns { sums[column] += Double(numbers[column]) }
            }
            for column in 0..<columns { target[column * stride] = Float(sums[column]) }
        }
    }

    /// The sums of columns, a part of them on each thread.
    private func addSums(
        _ count: Int, _ rows: UnsafePointer<Float>, _ leading: Int, _ columns: Int, into target: UnsafeMutablePointer<Double>, stride: Int
    ) {
        parallel.ranges(columns, grain: Self.tile) { part in
            for row in 0..<count {
                let numbers = rows + row * leading
                for column in part { target[column * stride] += Double(numbers[column]) }
            }
        }
    }

    /// Adds the products of two sets of columns, some of the first on a thread at a time.
    ///
    /// - Parameters:
    ///   - isSymmetric: whether both are the same: then of each row what is left of the diagonal, and it, is all that is needed.
    private func addTiles(
        _ count: Int, _ x: UnsafePointer<Float>, _ leading: Int, outputs: Int, _ y: UnsafePointer<Float>, _ leadingY: Int,
        into target: UnsafeMutablePointer<Double>, isSymmetric: Bool
    ) {
        let (columns, size, tile) = (columns, columns + 1, Self.tile)
        let tiles = (outputs + tile - 1) / tile
        // The longest first: what is left then is short.
        parallel.forEach(tiles) { part, worker in
            let first = (tiles - 1 - part) * tile
            let height = min(tile, outputs - first)
            let width = isSymmetric ? first + height : columns
            let block = memory.pointer + worker * tile * size
            Matrix.multiply(
                rows: height, columns: width, inner: count, y + first, leading: leadingY, transposeA: true, x, leading: leading,
                into: block, leading: size)
            for row in 0..<height {
                let sums = target + (first + row) * size
                for column in 0..<(isSymmetric ? first + row + 1 : columns) { sums[column] += Double(block[row * size + column]) }
            }
        }
    }

    /// The changes of weights and bias that make Σ |r - ΔW x|² + λ |ΔW|² smallest, outputs × (columns + 1), the bias's last.
    ///
    /// λ is `ridge` times the mean of the Gram matrix's diagonal; the bias is free. What λ holds back is made up for by solving again for
    /// what is left of the residuals, `repeats` times in all (iterated Tikhonov regularisation): directions in which the inputs vary are
    /// solved exactly, those in which they hardly do stay as they are.
    ///
    /// - Throws: ``MatrixError/notPositive(_:)`` where rows are not finite, or all zero.
    func solve(ridge: Double, repeats: Int) throws(MatrixError) -> [Double] {
        let size = columns + 1
        if !hasBias { holdBias() }
        var diagonal = (0..<size).map { gram[$0 * size + $0] }
        let penalty = ridge * diagonal.dropLast().reduce(0, +) / Double(columns)
        // The other triangle keeps what the factors take the place of.
        for row in 0..<size {
            for column in 0..<row { gram[column * size + row] = gram[row * size + column] }
        }
        for column in 0..<columns { gram[column * size + column] += penalty }
        try Matrix.factor(&gram, size: size)
        var solution = [Double](repeating: 0, count: outputs * size)
        var left = right
        // What the symmetric product reads on the diagonal is the factors'.
        for column in 0..<size { diagonal[column] -= gram[column * size + column] }
        for turn in 0..<repeats {
            try Matrix.solve(gram, size: size, &left, count: outputs)
            for index in solution.indices { solution[index] += left[index] }
            guard turn < repeats - 1 else { break }
            left = right
            Matrix.subtractSymmetric(gram, size: size, times: solution, count: outputs, from: &left)
            for output in 0..<outputs {
                for column in 0..<size { left[output * size + column] -= diagonal[column] * solution[output * size + column] }
            }
        }
        return solution
    }

    /// Makes the last equation one of the bias alone, whose solution is no change.
    private func holdBias() {
        let size = columns + 1
        for column in 0..<columns { gram[columns * size + column] = 0 }
        gram[size * size - 1] = 1
        for output in 0..<outputs { right[output * size + columns] = 0 }
    }
}
