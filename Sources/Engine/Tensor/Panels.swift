import Kernels
import WideKernels

/// Products with matrices in panels, with the widest vectors the processor has.
///
/// A matrix of (rows, columns) lies as (⌈columns / width⌉, rows, width): panels of neighbouring columns, the last one padded.
package struct Panels: Sendable {
    /// Columns of a panel: a power of two, and a multiple of a ``Vector``'s lanes.
    package let width: Int

    private let isWide: Bool

    /// Those for this processor.
    package static let best = Panels(isWide: Processor.isWide)

    package init(isWide: Bool) {
        self.isWide = isWide
        #if arch(x86_64)
        width = isWide ? WideProducts.width : PanelProducts<Vector>.width
        #else
        width = PanelProducts<Vector>.width
        #endif
    }

    /// Panels of a matrix with so many columns.
    @inline(__always)
    package func count(_ columns: Int) -> Int { (columns + width - 1) / width }

    /// Columns of a panel that are to be made, of a matrix with so many: all, or the first vector's where the matrix has no more there.
    @inline(__always)
    package func made(_ panel: Int, of columns: Int) -> Int { columns - panel * width <= width / 2 ? width / 2 : width }

    /// Floats of a matrix.
    @inline(__always)
    package func size(rows: Int, columns: Int) -> Int { count(columns) * rows * width }

    /// Rows that ``multiply(rows:inner:_:_:into:)`` may read past the last of A where it has fewer than six.
    package static let rowsReadBeyond = 5

    /// C = A·B for one panel of columns of B and C.
    ///
    /// - Parameters:
    ///   - a: rows × inner. Of fewer than six rows, up to ``rowsReadBeyond`` after the last are read, whatever they hold.
    ///   - b: inner × width.
    ///   - c: rows × width, or its first columns.
    @inline(never)
    package func multiply(rows: Int, inner: Int, _ a: LeftMatrix, _ b: UnsafePointer<Float>, into c: ProductPanel) {
        #if arch(x86_64)
        if isWide { return WideProducts.multiply(rows: rows, inner: inner, a, b, into: c) }
        #endif
        PanelProducts<Vector>.multiply(rows: rows, inner: inner, a, b, into: c)
    }

    /// C = Aᵀ·B for one panel of columns of B and C.
    ///
    /// - Parameters:
    ///   - rows: of C, columns of A.
    ///   - inner: rows of A and B.
    ///   - a: inner × rows, panels `panel` floats apart.
    ///   - b: inner × width.
    ///   - c: rows × width, or its first columns.
    @inline(never)
    package func multiplyTransposed(
        rows: Int, inner: Int, _ a: UnsafePointer<Float>, panel: Int, _ b: UnsafePointer<Float>, into c: ProductPanel
    ) {
        #if arch(x86_64)
        if isWide { return WideProducts.multiplyTransposed(rows: rows, inner: inner, a, panel: panel, b, into: c) }
        #endif
        PanelProducts<Vector>.multiplyTransposed(rows: rows, inner: inner, a, panel: panel, b, into: c)
    }
}
