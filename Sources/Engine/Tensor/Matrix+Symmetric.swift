import CBLAS
import CLAPACKE

/// Symmetric matrices, of which what is right of and on the diagonal is read and written where nothing else is said, and bases of their vectors, a
/// vector a row.
extension Matrix {
    /// `C = alpha · A · Aᵀ + beta · C` with A of size × inner, or `alpha · Aᵀ · A + beta · C` with A of inner × size (ssyrk).
    static func addSquare(
        size: Int, inner: Int, alpha: Float, _ a: UnsafePointer<Float>, leading: Int, transpose: Bool, beta: Float,
        into c: UnsafeMutablePointer<Float>
    ) {
        cblas_ssyrk(
            CblasRowMajor, CblasUpper, transpose ? CblasTrans : CblasNoTrans, Int32(size), Int32(inner), alpha, a, Int32(leading), beta, c,
            Int32(size))
    }

    /// `C = Aᵀ · A` with A of inner × size, of which what is left of and on the diagonal is written (ssyrk).
    static func multiplyByItself(
        size: Int, inner: Int, _ a: UnsafePointer<Float>, leading: Int, into c: UnsafeMutablePointer<Float>, leading rowLength: Int
    ) {
        cblas_ssyrk(
            CblasRowMajor, CblasLower, CblasTrans, Int32(size), Int32(inner), 1, a, Int32(leading), 0, c, Int32(rowLength))
    }

    /// Replaces a basis by the eigenvectors of a symmetric matrix, of the largest eigenvalue first (LAPACKE ssyevd).
    ///
    /// - Throws: ``MatrixError/noConvergence(_:)``, also where a number is not finite; the basis is then of no use.
    package static func eigenvectors(of symmetric: UnsafePointer<Float>, size: Int, into basis: UnsafeMutablePointer<Float>)
        throws(MatrixError)
    {
        basis.update(from: symmetric, count: size * size)
        var values = [Float](repeating: 0, count: size)
        // A row-major upper triangle is a column-major lower one, and column-major columns are rows here.
        let info = LAPACKE_ssyevd(
            LAPACK_COL_MAJOR, CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "L")), Int32(size), basis, Int32(size), &values)
        guard info == 0 else { throw .noConvergence(Int(info)) }
        for row in 0..<(size / 2) {
            let (first, last) = (basis + row * size, basis + (size - 1 - row) * size)
            for column in 0..<size { (first[column], last[column]) = (last[column], first[column]) }
        }
    }

    /// One step of orthogonal iteration towards the eigenvectors of a symmetric matrix C: the basis Q becomes the orthogonal factor of C Q
    /// (Golub & Van Loan, section 8.2.4; ssymm, LAPACKE sgeqrf and sorgqr).
    ///
    /// - Parameter work: size² numbers.
    /// - Throws: ``MatrixError/noConvergence(_:)`` where a number is not finite; the basis stays as it was.
    package static func iterate(
        basis: UnsafeMutablePointer<Float>, towards symmetric: UnsafePointer<Float>, size: Int, work: UnsafeMutablePointer<Float>
    ) throws(MatrixError) {
        let n = Int32(size)
        cblas_ssymm(CblasRowMajor, CblasRight, CblasUpper, n, n, 1, symmetric, n, basis, n, 0, work, n)
        var scales = [Float](repeating: 0, count: size)
        var info = LAPACKE_sgeqrf(LAPACK_COL_MAJOR, n, n, work, n, &scales)
        if info == 0 { info = LAPACKE_sorgqr(LAPACK_COL_MAJOR, n, n, n, work, n, scales) }
        guard info == 0 else { throw .noConvergence(Int(info)) }
        basis.update(from: work, count: size * size)
    }
}
