import CBLAS
import CLAPACKE
import Foundation

/// The engine's one door to BLAS and LAPACK. Matrices are row-major float32.
public enum Matrix {
    /// `C (rows × columns) = A · B + beta · C`, where A is rows × inner and B is inner × columns after the asked transpositions (sgemm).
    ///
    /// A leading dimension is the distance in floats between the starts of two stored rows.
    @inline(__always)
    package static func multiply(
        rows: Int, columns: Int, inner: Int, alpha: Float = 1,
        _ a: UnsafePointer<Float>, leading lda: Int, transposeA: Bool = false,
        _ b: UnsafePointer<Float>, leading ldb: Int, transposeB: Bool = false,
        beta: Float = 0, into c: UnsafeMutablePointer<Float>, leading ldc: Int
    ) {
        guard rows > 0, columns > 0 else { return }
        cblas_sgemm(
            CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
            Int32(rows), Int32(columns), Int32(inner), alpha, a, Int32(lda), b, Int32(ldb), beta, c, Int32(ldc))
    }

    /// Operations per second of square products on all threads, a multiplication and an addition counting as two: the best of
    /// several, as a measure of the machine.
    public static func measuredSpeed(_ parallel: Parallel) -> Double {
        let size = 1024
        let operands = Buffer(count: 2 * size * size)
        let results = Buffer(count: parallel.threads * size * size)
        operands.pointer.update(repeating: 1, count: operands.count)
        var best = UInt64.max
        for _ in 0..<5 {
            let start = DispatchTime.now().uptimeNanoseconds
            parallel.forEach(parallel.threads) { part in
                multiply(
                    rows: size, columns: size, inner: size, operands.pointer, leading: size, operands.pointer + size * size, leading: size,
                    into: results.pointer + part * size * size, leading: size)
            }
            best = min(best, DispatchTime.now().uptimeNanoseconds - start)
        }
        return Double(2 * parallel.threads * size * size * size) / Double(best) * 1e9
    }

    /// The singular value decomposition `A = U · diag(S) · Vᵀ` of a rows × columns matrix in double precision (LAPACKE dgesdd, thin).
    ///
    /// - Returns: U (rows × k), S (k, descending) and Vᵀ (k × columns), row-major, with k = min(rows, columns).
    /// - Throws: ``MatrixError/noConvergence(_:)`` when LAPACK reports failure.
    static func singularValueDecomposition(
        _ matrix: [Double], rows: Int, columns: Int
    ) throws(MatrixError) -> (u: [Double], s: [Double], vt: [Double]) {
        let rank = min(rows, columns)
        var a = matrix
        var u = [Double](repeating: 0, count: rows * rank)
        var s = [Double](repeating: 0, count: rank)
        var vt = [Double](repeating: 0, count: rank * columns)
        let info = LAPACKE_dgesdd(
            LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "S")), Int32(rows), Int32(columns), &a, Int32(columns),
            &s, &u, Int32(rank), &vt, Int32(columns))
        guard info == 0 else { throw .noConvergence(Int(info)) }
        return (u, s, vt)
    }

    /// The Cholesky factor of a symmetric positive matrix in place of what is left of and on its diagonal (LAPACKE dpotrf). What is right of
    /// the diagonal is neither read nor written.
    ///
    /// - Throws: ``MatrixError/notPositive(_:)``.
    static func factor(_ matrix: inout [Double], size: Int) throws(MatrixError) {
        // A row-major lower triangle is a column-major upper one.
        let info = LAPACKE_dpotrf(LAPACK_COL_MAJOR, CChar(UInt8(ascii: "U")), Int32(size), &matrix, Int32(size))
        guard info == 0 else { throw .notPositive(Int(info)) }
    }

    /// Solves A x = b for rows of right sides, in their place, by what ``factor(_:size:)`` has left (LAPACKE dpotrs).
    ///
    /// - Parameter right: count × size.
    static func solve(_ factors: [Double], size: Int, _ right: inout [Double], count: Int) throws(MatrixError) {
        let info = LAPACKE_dpotrs(
            LAPACK_COL_MAJOR, CChar(UInt8(ascii: "U")), Int32(size), Int32(count), factors, Int32(size), &right, Int32(size))
        guard info == 0 else { throw .notPositive(Int(info)) }
    }

    /// C -= B · A for a symmetric A, of which what is right of and on the diagonal is read; B and C are count × size (dsymm).
    static func subtractSymmetric(_ a: [Double], size: Int, times b: [Double], count: Int, from c: inout [Double]) {
        cblas_dsymm(
            CblasRowMajor, CblasRight, CblasUpper, Int32(count), Int32(size), -1, a, Int32(size), b, Int32(size), 1, &c, Int32(size))
    }

    /// Tells BLAS to run each call on the caller's thread; a no-op for providers without that setting (the reference BLAS has no threads).
    public static func useOneThreadPerCall() {
        typealias SetThreads = @convention(c) (Int32) -> Void
        if let symbol = dlsym(nil, "openblas_set_num_threads") {
            unsafeBitCast(symbol, to: SetThreads.self)(1)
        }
    }

    /// Whether BLAS is the slow reference implementation (or another one that does not say who it is).
    public static var isReference: Bool { dlsym(nil, "openblas_get_config") == nil && dlsym(nil, "MKL_Get_Version") == nil }

    /// What BLAS is in use, as it names itself: `OpenBLAS 0.3.21 … Haswell`, or `reference BLAS`.
    ///
    /// Asked for once: OpenBLAS writes its answer anew into one buffer at each call, so that two threads that ask at once read it half written.
    public static let provider: String = {
        guard let configuration = text("openblas_get_config") else { return "reference BLAS" }
        return [configuration, openBLASCore].compactMap { $0 }.joined(separator: " kernels ")
    }()

    /// The name of the kernels OpenBLAS has picked, or nil where BLAS is another.
    public static var openBLASCore: String? { text("openblas_get_corename") }

    private static func text(_ function: String) -> String? {
        typealias GetText = @convention(c) () -> UnsafePointer<CChar>?
        guard let symbol = dlsym(nil, function) else { return nil }
        return unsafeBitCast(symbol, to: GetText.self)().map { String(cString: $0).trimmingCharacters(in: .whitespaces) }
    }
}

/// What LAPACK can report.
public enum MatrixError: Error, Equatable {
    /// The decomposition did not converge, or its input was not finite; LAPACK's info value.
    case noConvergence(Int)
    /// The matrix is not positive, or not finite; LAPACK's info value.
    case notPositive(Int)
}
