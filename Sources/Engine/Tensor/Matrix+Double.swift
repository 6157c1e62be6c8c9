import CBLAS
import CLAPACKE

/// Row-major matrices in double precision.
extension Matrix {
    /// A · B, or A · Bᵀ, with A of rows × inner (dgemm).
    static func product(
        _ a: [Double], rows: Int, _ b: [Double], columns: Int, inner: Int, transposeRight: Bool
    ) -> [Double] {
        var c = [Double](repeating: 0, count: rows * columns)
        guard rows > 0, columns > 0, inner > 0 else { return c }
        cblas_dgemm(
            CblasRowMajor, CblasNoTrans, transposeRight ? CblasTrans : CblasNoTrans, Int32(rows), Int32(columns), Int32(inner), 1, a,
            Int32(inner), b, Int32(transposeRight ? inner : columns), 0, &c, Int32(columns))
        return c
    }

    /// Aᵀ · A of a rows × columns matrix: what is right of and on the diagonal (dsyrk).
    static func square(_ a: [Double], rows: Int, columns: Int) -> [Double] {
        var c = [Double](repeating: 0, count: columns * columns)
        cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, Int32(columns), Int32(rows), 1, a, Int32(columns), 0, &c, Int32(columns))
        return c
    }

    /// The singular values of a rows × columns matrix, descending (LAPACKE dgesdd).
    ///
    /// - Throws: ``MatrixError/noConvergence(_:)``, also where a number is not finite.
    static func singularValues(_ matrix: [Double], rows: Int, columns: Int) throws(MatrixError) -> [Double] {
        var (a, values, nothing) = (matrix, [Double](repeating: 0, count: min(rows, columns)), [0.0])
        var none = nothing
        // Column-major, it is the transposed matrix, whose singular values are the same, and which is not copied.
        let info = LAPACKE_dgesdd(
            LAPACK_COL_MAJOR, CChar(UInt8(ascii: "N")), Int32(columns), Int32(rows), &a, Int32(columns), &values, &nothing, 1, &none, 1)
        guard info == 0 else { throw .noConvergence(Int(info)) }
        return values
    }

    /// The eigenvalues of a symmetric matrix, ascending, and its eigenvectors, a vector a row (LAPACKE dsyevd).
    ///
    /// - Throws: ``MatrixError/noConvergence(_:)``, also where a number is not finite.
    static func eigen(_ symmetric: [Double], size: Int) throws(MatrixError) -> (values: [Double], vectors: [Double]) {
        try decomposed(symmetric, size: size, "V")
    }

    /// The eigenvalues of a symmetric matrix, ascending.
    ///
    /// - Throws: ``MatrixError/noConvergence(_:)``, also where a number is not finite.
    static func eigenvalues(_ symmetric: [Double], size: Int) throws(MatrixError) -> [Double] {
        try decomposed(symmetric, size: size, "N").values
    }

    private static func decomposed(
        _ symmetric: [Double], size: Int, _ job: Unicode.Scalar
    ) throws(MatrixError) -> (values: [Double], vectors: [Double]) {
        var (a, values) = (symmetric, [Double](repeating: 0, count: size))
        // Column-major columns are rows here.
        let info = LAPACKE_dsyevd(
            LAPACK_COL_MAJOR, CChar(UInt8(ascii: job)), CChar(UInt8(ascii: "L")), Int32(size), &a, Int32(size), &values)
        guard info == 0 else { throw .noConvergence(Int(info)) }
        return (values, a)
    }
}
