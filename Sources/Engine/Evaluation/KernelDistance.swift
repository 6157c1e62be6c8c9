/// The kernel distance between two sets of features (arXiv 1801.01401, "KID"): the unbiased estimate of the squared maximum mean discrepancy by the
/// kernel (x·y / d + 1)³, d numbers a feature; the mean over random subsets and their standard deviation, both as torch-fidelity gives them.
///
/// Subsets are those that torch-fidelity draws by its own seed: `numpy.random.RandomState(2020).choice`, one of each set in turn.
public struct KernelDistance: Sendable {
    /// How many subsets.
    public var subsets = 100
    /// Points of each, or as many as the smaller set has.
    public var subsetSize = 1000
    /// Of the subsets.
    public var seed: UInt32 = 2020

    /// torch-fidelity's.
    public init() {}

    /// What was found.
    public struct Estimate: Sendable, Equatable {
        /// Over all subsets. It may be below 0.
        public let mean: Double
        /// Of the subsets' own, as `numpy.std` gives it.
        public let deviation: Double
        /// How many subsets there were: one where each set is a subset whole.
        public let subsets: Int
        /// Points of each.
        public let subsetSize: Int
    }

    /// Between at least two points each, of as many features.
    public func between(_ one: FeatureSet, _ other: FeatureSet, parallel: Parallel) -> Estimate {
        let size = min(subsetSize, one.count, other.count)
        let count = one.count == size && other.count == size ? 1 : subsets
        var generator = NumpyGenerator(seed: seed)
        let draws = (0..<count).map { _ in
            (Array(generator.permutation(one.count).prefix(size)), Array(generator.permutation(other.count).prefix(size)))
        }
        let width = one.width
        let work = (0..<parallel.threads).map { _ in Buffer(count: 2 * size * width + size * size) }
        var found = [Double](repeating: 0, count: count)
        found.withUnsafeMutableBufferPointer { found in
            parallel.forEach(count) { subset, worker in
                let (left, products) = (work[worker].pointer, work[worker].pointer + 2 * size * width)
                let right = left + size * width
                for (place, point) in draws[subset].0.enumerated() { one.copy(point..<(point + 1), into: left + place * width) }
                for (place, point) in draws[subset].1.enumerated() { other.copy(point..<(point + 1), into: right + place * width) }
                let pairs = Double(size * (size - 1))
                found[subset] =
                    (Self.sum(left, left, size, width, products, skipsDiagonal: true)
                        + Self.sum(right, right, size, width, products, skipsDiagonal: true)) / pairs
                    - 2 * Self.sum(left, right, size, width, products, skipsDiagonal: false) / Double(size * size)
            }
        }
        let mean = found.reduce(0, +) / Double(count)
        let variance = found.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
        return Estimate(mean: mean, deviation: variance.squareRoot(), subsets: count, subsetSize: size)
    }

    /// Bytes of working memory.
    public func bytes(width: Int, parallel: Parallel) -> Int {
        parallel.threads * subsetSize * (2 * width + subsetSize) * MemoryLayout<Float>.stride
    }

    /// The sum of the kernel over all pairs.
    private static func sum(
        _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ size: Int, _ width: Int, _ products: UnsafeMutablePointer<Float>,
        skipsDiagonal: Bool
    ) -> Double {
        Matrix.multiply(
            rows: size, columns: size, inner: width, x, leading: width, y, leading: width, transposeB: true, into: products, leading: size)
        var sum = 0.0
        for row in 0..<size {
            for column in 0..<size where !(skipsDiagonal && row == column) {
                let value = Double(products[row * size + column]) / Double(width) + 1
                sum += value * value * value
            }
        }
        return sum
    }
}
