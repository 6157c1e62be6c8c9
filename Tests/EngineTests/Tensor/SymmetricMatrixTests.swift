import Engine
import Testing

/// Bases of the vectors of a symmetric matrix, against plain sums.
@Suite struct SymmetricMatrixTests {
    private static let size = 7

    /// C = Σ λ_i q_i q_iᵀ with λ = 1, 2, 4, …; what is left of the diagonal must not matter.
    private static func symmetric() -> (matrix: [Float], values: [Double]) {
        var generator = TorchGenerator(seed: 3)
        var vectors: [[Double]] = []
        while vectors.count < size {
            var vector = generator.randn(size).map(Double.init)
            for other in vectors {
                let along = zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 }
                vector = zip(vector, other).map { $0 - along * $1 }
            }
            let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            vectors.append(vector.map { $0 / length })
        }
        let values = (0..<size).map { Double(1 << $0) }
        var matrix = [Float](repeating: .nan, count: size * size)
        for row in 0..<size {
            for column in row..<size {
                matrix[row * size + column] = Float((0..<size).reduce(0) { $0 + values[$1] * vectors[$1][row] * vectors[$1][column] })
            }
        }
        return (matrix, values)
    }

    /// B C Bᵀ for a basis B, a vector a row.
    private static func turned(_ matrix: [Float], _ basis: [Float]) -> [[Double]] {
        (0..<size).map { i in
            (0..<size).map { j in
                var sum = 0.0
                for row in 0..<size {
                    for column in 0..<size {
                        let value = matrix[min(row, column) * size + max(row, column)]
                        sum += Double(basis[i * size + row]) * Double(value) * Double(basis[j * size + column])
                    }
                }
                return sum
            }
        }
    }

    private static func off(_ turned: [[Double]], _ values: [Double]) -> Double {
        var worst = 0.0
        for (row, line) in turned.enumerated() {
            for (column, value) in line.enumerated() { worst = max(worst, abs(value - (row == column ? values[row] : 0))) }
        }
        return worst
    }

    @Test func eigenvectorsComeFromTheLargestDown() throws {
        let (matrix, values) = Self.symmetric()
        var basis = [Float](repeating: 0, count: matrix.count)
        try Matrix.eigenvectors(of: matrix, size: Self.size, into: &basis)
        #expect(Self.off(Self.turned(matrix, basis), values.reversed()) < 1e-4)
    }

    @Test func iterationLeadsToThem() throws {
        let (matrix, values) = Self.symmetric()
        var basis = (0..<matrix.count).map { $0 % (Self.size + 1) == 0 ? Float(1) : 0 }
        var work = [Float](repeating: 0, count: matrix.count)
        var before = Self.off(Self.turned(matrix, basis), values.reversed())
        for _ in 0..<3 {
            for _ in 0..<8 { try Matrix.iterate(basis: &basis, towards: matrix, size: Self.size, work: &work) }
            let after = Self.off(Self.turned(matrix, basis), values.reversed())
            #expect(after < max(before / 10, 1e-4))
            before = after
        }
        #expect(before < 1e-4)
    }

    @Test func whatIsNotFiniteHasNone() {
        var (matrix, _) = Self.symmetric()
        matrix[1] = .infinity
        matrix[2] = .nan
        var basis = [Float](repeating: 0, count: matrix.count)
        basis[0] = 1
        var work = basis
        #expect(throws: MatrixError.self) { try Matrix.eigenvectors(of: matrix, size: Self.size, into: &basis) }
        let kept = basis
        #expect(throws: MatrixError.self) { try Matrix.iterate(basis: &basis, towards: matrix, size: Self.size, work: &work) }
        #expect(basis.elementsEqual(kept) { $0 == $1 || $0.isNaN && $1.isNaN })
    }
}
