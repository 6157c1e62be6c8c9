/// The Fréchet distance between two sets of features taken for normal (arXiv 1706.08500, equation 6):
/// |μ₁ - μ₂|² + tr Σ₁ + tr Σ₂ - 2 tr √(Σ₁ Σ₂), which is the square of a distance, as pytorch-fid gives it.
///
/// Of few samples it is too large, about by a part in proportion to 1/n: only distances of as many samples each can be compared.
public enum FrechetDistance {
    /// Between at least two points each, of as many features.
    ///
    /// Where there are fewer points than features, tr √(Σ₁ Σ₂) is the sum of the singular values of X₁ X₂ᵀ, X the centred features over
    /// √(n - 1): no covariance is put up, and nothing lost by one that has no full rank.
    /// - Throws: ``MatrixError``, also where a feature is not finite.
    public static func between(_ one: FeatureSet, _ other: FeatureSet) throws(MatrixError) -> Double {
        guard min(one.count, other.count) < one.width else {
            return try between(FeatureStatistics(one), FeatureStatistics(other))
        }
        let (means, width) = ((one.mean, other.mean), one.width)
        let (left, right) = (one.centred(means.0), other.centred(means.1))
        let scales = (1 / Double(one.count - 1), 1 / Double(other.count - 1))
        let traces = (left.reduce(0) { $0 + $1 * $1 } * scales.0, right.reduce(0) { $0 + $1 * $1 } * scales.1)
        let cross = Matrix.product(left, rows: one.count, right, columns: other.count, inner: width, transposeRight: true)
        let singular = try Matrix.singularValues(cross, rows: one.count, columns: other.count)
        let root = singular.reduce(0, +) * (scales.0 * scales.1).squareRoot()
        return distance(means.0, means.1) + traces.0 + traces.1 - 2 * root
    }

    /// By means and covariances alone: √(Σ₁ Σ₂) has the eigenvalues of √Σ₁ Σ₂ √Σ₁, a symmetric matrix.
    ///
    /// - Throws: ``MatrixError``, also where a number is not finite.
    public static func between(_ one: FeatureStatistics, _ other: FeatureStatistics) throws(MatrixError) -> Double {
        let width = one.mean.count
        var (values, vectors) = try Matrix.eigen(one.covariance, size: width)
        // Rows of √Λ Vᵀ: their products with Σ₂ between them have the same eigenvalues.
        for row in 0..<width {
            let root = max(0, values[row]).squareRoot()
            for column in 0..<width { vectors[row * width + column] *= root }
        }
        let half = Matrix.product(vectors, rows: width, other.covariance, columns: width, inner: width, transposeRight: false)
        let whole = Matrix.product(half, rows: width, vectors, columns: width, inner: width, transposeRight: true)
        let root = try Matrix.eigenvalues(whole, size: width).reduce(0) { $0 + max(0, $1).squareRoot() }
        let trace = (0..<width).reduce(0.0) { $0 + one.covariance[$1 * (width + 1)] + other.covariance[$1 * (width + 1)] }
        return distance(one.mean, other.mean) + trace - 2 * root
    }

    /// Bytes of working memory that a distance takes at most.
    public static func bytes(_ one: Int, _ other: Int, width: Int) -> Int {
        let centred = (one + other) * width
        let square = min(one, other) < width ? 3 * one * other : 6 * width * width
        return (centred + square) * MemoryLayout<Double>.stride
    }

    private static func distance(_ one: [Double], _ other: [Double]) -> Double {
        zip(one, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
}
