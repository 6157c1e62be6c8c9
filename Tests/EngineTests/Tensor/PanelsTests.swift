import Engine
import Kernels
import Testing

@Suite struct PanelsTests {
    /// For vectors of every width that this machine has.
    static let all = Panels.best.width == Panels(isWide: false).width ? [Panels(isWide: false)] : [Panels(isWide: false), .best]

    private static let sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16, 17, 32, 33, 50, 64, 70]

    /// A matrix in rows, and the same in panels with room for what kernels may read beyond it.
    private struct Operand {
        let rows: Int
        let columns: Int
        let values: [Float]
        let inPanels: [Float]
        let panel: Int

        init(rows: Int, columns: Int, _ panels: Panels, _ generator: inout TorchGenerator) {
            self.rows = rows
            self.columns = columns
            values = generator.uniform(rows * columns, from: -1, to: 1)
            panel = (rows + Panels.rowsReadBeyond) * panels.width
            // What nobody wrote must not get into a result.
            var laidOut = [Float](repeating: .nan, count: panels.count(columns) * panel)
            for row in 0..<rows {
                for column in 0..<columns {
                    laidOut[column / panels.width * panel + row * panels.width + column % panels.width] = values[row * columns + column]
                }
            }
            inPanels = laidOut
        }
    }

    enum Start: CaseIterable {
        case zero, row, present
    }

    /// Checks one panel of a product against sums in double precision, and that nothing beside it was written.
    private func check(
        _ panels: Panels, rows: Int, columns: Int, _ start: Start, _ generator: inout TorchGenerator,
        expected: (_ row: Int, _ column: Int) -> Double, _ multiply: (ProductPanel) -> Void
    ) {
        let leading = panels.width + 3
        let before = generator.uniform((rows + 1) * leading, from: -1, to: 1)
        let bias = generator.uniform(panels.width, from: -1, to: 1)
        var c = before
        c.withUnsafeMutableBufferPointer { c in
            bias.withUnsafeBufferPointer { bias in
                guard let c = c.baseAddress, let bias = bias.baseAddress else { return }
                let startOfSum: ProductPanel.Start = start == .zero ? .zero : start == .row ? .row(bias) : .present
                multiply(ProductPanel(c, leading: leading, columns: columns, start: startOfSum))
            }
        }
        for (index, value) in c.enumerated() {
            let (row, column) = (index / leading, index % leading)
            if row < rows && column < columns {
                let first = start == .zero ? 0 : start == .row ? bias[column] : before[index]
                let error = abs(Double(value) - Double(first) - expected(row, column))
                #expect(error < 1e-5, "(\(row), \(column)) of \(rows) × \(columns)")
            } else {
                #expect(value == before[index], "(\(row), \(column)) is not its to write")
            }
        }
    }

    @Test(arguments: all, Start.allCases)
    func aProductWithRowsOrPanelsAgreesWithAPlainOne(panels: Panels, start: Start) {
        var generator = TorchGenerator(seed: 3)
        for (index, rows) in Self.sizes.enumerated() {
            for columns in [1, 7, panels.width / 2 - 1, panels.width / 2, panels.width / 2 + 1, panels.width - 1, panels.width] {
                let inner = Self.sizes[(index * 5 + columns) % Self.sizes.count]
                let a = Operand(rows: rows, columns: inner, panels, &generator)
                let b = Operand(rows: inner, columns: panels.width, panels, &generator)
                func expected(_ row: Int, _ column: Int) -> Double {
                    (0..<inner).reduce(0) { $0 + Double(a.values[row * inner + $1]) * Double(b.values[$1 * panels.width + column]) }
                }
                check(panels, rows: rows, columns: columns, start, &generator, expected: expected) { c in
                    a.inPanels.withUnsafeBufferPointer { left in
                        guard let left = left.baseAddress else { return }
                        let matrix = LeftMatrix(panels: left, width: panels.width, panel: a.panel)
                        panels.multiply(rows: rows, inner: inner, matrix, b.inPanels, into: c)
                    }
                }
                // A matrix in rows ends where it ends: as many rows as blocks need.
                guard rows >= 6 else { continue }
                check(panels, rows: rows, columns: columns, start, &generator, expected: expected) { c in
                    a.values.withUnsafeBufferPointer { left in
                        guard let left = left.baseAddress else { return }
                        panels.multiply(rows: rows, inner: inner, LeftMatrix(rows: left, apart: inner), b.inPanels, into: c)
                    }
                }
            }
        }
    }

    @Test(arguments: all, Start.allCases)
    func aTransposedProductAgreesWithAPlainOne(panels: Panels, start: Start) {
        var generator = TorchGenerator(seed: 4)
        for (index, rows) in Self.sizes.enumerated() {
            for columns in [1, panels.width / 2, panels.width - 1, panels.width] {
                let inner = Self.sizes[(index * 7 + columns) % Self.sizes.count]
                let a = Operand(rows: inner, columns: rows, panels, &generator)
                let b = Operand(rows: inner, columns: panels.width, panels, &generator)
                check(
                    panels, rows: rows, columns: columns, start, &generator,
                    expected: { row, column in
                        (0..<inner).reduce(0) { $0 + Double(a.values[$1 * rows + row]) * Double(b.values[$1 * panels.width + column]) }
                    },
                    { c in panels.multiplyTransposed(rows: rows, inner: inner, a.inPanels, panel: a.panel, b.inPanels, into: c) })
            }
        }
    }
}
