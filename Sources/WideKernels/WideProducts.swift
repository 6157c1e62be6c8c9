#if arch(x86_64)
import Kernels

/// Products with panels of 32 columns, compiled for AVX-512: to be called only where the processor has the instructions of x86-64-v4.
public enum WideProducts {
    /// Columns of a panel.
    public static var width: Int { PanelProducts<SIMD16<Float>>.width }

    /// ``PanelProducts/multiply(rows:inner:_:_:into:)``
    public static func multiply(rows: Int, inner: Int, _ a: LeftMatrix, _ b: UnsafePointer<Float>, into c: ProductPanel) {
        PanelProducts<SIMD16<Float>>.multiply(rows: rows, inner: inner, a, b, into: c)
    }

    /// ``PanelProducts/multiplyTransposed(rows:inner:_:panel:_:into:)``
    public static func multiplyTransposed(
        rows: Int, inner: Int, _ a: UnsafePointer<Float>, panel: Int, _ b: UnsafePointer<Float>, into c: ProductPanel
    ) {
        PanelProducts<SIMD16<Float>>.multiplyTransposed(rows: rows, inner: inner, a, panel: panel, b, into: c)
    }
}
#endif
