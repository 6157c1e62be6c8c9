/// The normal equations of a least-squares problem: over all rows x with residuals r, Σ x xᵀ and Σ r xᵀ, x with a 1 at its end for the bias.
/// Where there is no bias its equation says that it stays what it is.
///
/// Rows come in blocks; each block's sums are taken in float32 and added up in double.
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
    private let blocks: Buffer
    private let parallel: Parallel

    /// Rows or columns of a part of the sums that one thread makes at a time.
    private static let tile = 128

    init(columns: Int, outputs: Int, hasBias: Bool = true, parallel: Parallel) {
        self.columns = columns
        self.outputs = outputs
        self.hasBias = hasBias
        self.parallel = parallel
        gram = [Double](repeating: 0, count: (columns + 1) * (columns + 1))
        right = [Double](repeating: 0, count: outputs * (columns + 1))
        blocks = Buffer(count: parallel.threads * Self.tile * (columns + 1))
    }

    /// Bytes that so many columns and outputs take, with what solving them takes beside.
    static func bytes(columns: Int, outputs: Int, threads: Int) -> Int {
        8 * (columns + 1) * (columns + 1 + 3 * outputs) + 4 * threads * tile * (columns + 1)
    }

    /// Adds a block.
    ///
    /// - Parameters:
    ///   - x: (count, leading), of which the first ``columns`` numbers of each row count.
    ///   - residuals: (count, ``outputs``).
    func add(_ count: Int, x: UnsafePointer<Float>, leading: Int, residuals: UnsafePointer<Float>) {
        let (columns, outputs, size, tile) = (columns, outputs, columns + 1, Self.tile)
        let tiles = (columns + tile - 1) / tile
        gram.withUnsafeMutableBufferPointer { gram in
            guard let gram = gram.baseAddress else { return }
            // The longest first: what is left then is short.
            parallel.forEach(tiles) { part, worker in
                let first = (tiles - 1 - part) * tile
                let height = min(tile, columns - first)
                let block = blocks.pointer + worker * tile * size
                Matrix.multiply(
                    rows: height, columns: first + height, inner: count, x + first, leading: leading, transposeA: true, x, leading: leading,
                    into: block, leading: size)
                for row in 0..<height {
                    let target = gram + (first + row) * size
                    for column in 0...(first + row) { target[column] += Double(block[row * size + column]) }
                }
                // The last row: sums of columns.
                for column in first..<(first + height) {
                    var sum = 0.0
                    for row in 0..<count { sum += Double(x[row * leading + column]) }
                    gram[columns * size + column] += sum
                }
            }
            gram[columns * size + columns] += Double(count)
        }
        right.withUnsafeMutableBufferPointer { right in
            guard let right = right.baseAddress else { return }
            parallel.forEach((outputs + tile - 1) / tile) { part, worker in
                let first = part * tile
                let height = min(tile, outputs - first)
                let block = blocks.pointer + worker * tile * size
                Matrix.multiply(
                    rows: height, columns: columns, inner: count, residuals + first, leading: outputs, transposeA: true, x,
                    leading: leading,
                    into: block, leading: size)
                for row in 0..<height {
                    let target = right + (first + row) * size
                    for column in 0..<columns { target[column] += Double(block[row * size + column]) }
                    var sum = 0.0
                    for index in 0..<count { sum += Double(residuals[index * outputs + first + row]) }
                    target[columns] += sum
                }
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
