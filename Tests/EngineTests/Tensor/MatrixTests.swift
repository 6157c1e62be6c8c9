import Engine
import Testing

@Suite struct MatrixTests {
    /// Whatever kernels BLAS has picked for this machine must be right at sizes that fill no register.
    @Test(arguments: [false, true], [false, true])
    func productsAgreeWithAPlainOneAtOddSizes(transposeA: Bool, transposeB: Bool) {
        let sizes = [1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 63, 65, 100, 129]
        var generator = TorchGenerator(seed: 1)
        for (index, rows) in sizes.enumerated() {
            for columns in sizes {
                let inner = sizes[(index * 5 + columns) % sizes.count] + columns % 3
                let (lda, ldb, ldc) = ((transposeA ? rows : inner) + 3, (transposeB ? inner : columns) + 1, columns + 2)
                let a = generator.uniform((transposeA ? inner : rows) * lda, from: -1, to: 1)
                let b = generator.uniform((transposeB ? columns : inner) * ldb, from: -1, to: 1)
                let before = generator.uniform(rows * ldc, from: -1, to: 1)
                for beta in [Float(0), 1] {
                    var c = before
                    Matrix.multiply(
                        rows: rows, columns: columns, inner: inner, alpha: 0.5, a, leading: lda, transposeA: transposeA,
                        b, leading: ldb, transposeB: transposeB, beta: beta, into: &c, leading: ldc)
                    var worst = 0.0
                    for row in 0..<rows {
                        for column in 0..<columns {
                            var sum = 0.0
                            for k in 0..<inner {
                                sum +=
                                    Double(a[transposeA ? k * lda + row : row * lda + k])
                                    * Double(b[transposeB ? column * ldb + k : k * ldb + column])
                            }
                            let expected = 0.5 * sum + Double(beta * before[row * ldc + column])
                            worst = max(worst, abs(Double(c[row * ldc + column]) - expected))
                        }
                        #expect(c[row * ldc + columns] == before[row * ldc + columns], "what lies between rows is left alone")
                    }
                    #expect(worst < 1e-5, "\(rows) × \(columns) × \(inner), beta \(beta)")
                }
            }
        }
    }

    /// OpenBLAS composes its answer in a buffer that all threads share.
    @Test func whatBLASIsInUseIsTheSameForAllWhoAskAtOnce() async {
        let answers = await withTaskGroup(of: Set<String>.self) { group in
            for _ in 0..<8 { group.addTask { Set((0..<20_000).map { _ in Matrix.provider }) } }
            return await group.reduce(into: Set()) { $0.formUnion($1) }
        }
        #expect(answers == [Matrix.provider])
    }

    @Test func wideKernelsAreAskedForOnlyWhereTheCPUHasThemAndOpenBLASDoesNotUseThem() {
        #expect(BLASKernels.betterCore(than: "Haswell", isWide: true) == "SkylakeX")
        #expect(BLASKernels.betterCore(than: "Zen", isWide: true) == "SkylakeX")
        #expect(BLASKernels.betterCore(than: "Haswell", isWide: false) == nil)
        #expect(BLASKernels.betterCore(than: "SkylakeX", isWide: true) == nil)
        #expect(BLASKernels.betterCore(than: "Cooperlake", isWide: true) == nil)
    }
}
