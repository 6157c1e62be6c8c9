/// The sliced Wasserstein distance between two sets of points, squared: the mean over random directions of the squared 2-Wasserstein distance of what
/// the points come to along each, found by sorting. On features it is what MIND measures (arXiv 2605.06797).
///
/// Directions are `torch.randn(width)` from one generator, one after the other, over their length. In one dimension the distance of sets of as many points is
/// the mean of (xᵢ - yᵢ)² over their sorted values, else the integral of (F⁻¹ - G⁻¹)² over both quantile functions.
public struct SlicedWasserstein: Sendable {
    /// How many directions.
    public var directions = 1000
    /// Of the directions.
    public var seed = 0

    /// With a thousand directions.
    public init() {}

    /// Directions that are gone along together.
    private static let group = 16
    /// Numbers of the points that are projected together, at most, and points.
    private static let (blockNumbers, blockPoints) = (1 << 20, 256)

    /// Between at least one point each, of as many numbers.
    ///
    /// - Parameter progress: called after every few directions; what it throws ends the work.
    public func between(
        _ one: some PointSet, _ other: some PointSet, parallel: Parallel, progress: () throws -> Void = {}
    ) rethrows -> Double {
        let width = one.dimensions
        var generator = TorchGenerator(seed: seed)
        let (left, right) = (Projection(one, parallel), Projection(other, parallel))
        var sum = 0.0
        for start in stride(from: 0, to: directions, by: Self.group) {
            let count = min(Self.group, directions - start)
            let axes = Buffer(count: count * width)
            for axis in 0..<count {
                let numbers = generator.randn(width)
                let length = numbers.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
                for (place, number) in numbers.enumerated() { axes.pointer[axis * width + place] = Float(Double(number) / length) }
            }
            left.project(one, on: axes, count)
            right.project(other, on: axes, count)
            var found = [Double](repeating: 0, count: count)
            found.withUnsafeMutableBufferPointer { found in
                parallel.forEach(count) { axis in found[axis] = Self.distance(left.sorted(axis), right.sorted(axis)) }
            }
            sum += found.reduce(0, +)
            try progress()
        }
        return sum / Double(directions)
    }

    /// Bytes of working memory.
    public static func bytes(_ one: Int, _ other: Int, width: Int, parallel: Parallel) -> Int {
        let blocks = 2 * parallel.threads * Projection<FeatureSet>.block(width) * width
        return (blocks + 2 * group * width + 2 * (group + parallel.threads) * (one + other)) * MemoryLayout<Float>.stride
    }

    /// Between two sorted lists.
    package static func distance(_ x: [Float], _ y: [Float]) -> Double {
        guard x.count != y.count else {
            return zip(x, y).reduce(0) { $0 + square($1.0, $1.1) } / Double(x.count)
        }
        // Steps of both quantile functions, in parts of 1 / (n m).
        var (i, j, done, sum) = (0, 0, 0, 0.0)
        while i < x.count, j < y.count {
            let (left, right) = ((i + 1) * y.count, (j + 1) * x.count)
            let next = min(left, right)
            sum += square(x[i], y[j]) * Double(next - done)
            done = next
            if left == next { i += 1 }
            if right == next { j += 1 }
        }
        return sum / (Double(x.count) * Double(y.count))
    }

    private static func square(_ x: Float, _ y: Float) -> Double { (Double(x) - Double(y)) * (Double(x) - Double(y)) }

    /// Where the points of a set lie along some directions.
    private struct Projection<Points: PointSet> {
        private let parallel: Parallel
        /// (points, directions).
        private let values: Buffer
        private let blocks: [Buffer]
        private let count: Int

        static func block(_ width: Int) -> Int { max(1, min(blockPoints, blockNumbers / max(1, width))) }

        init(_ points: Points, _ parallel: Parallel) {
            (self.parallel, count) = (parallel, points.count)
            values = Buffer(count: points.count * group)
            blocks = (0..<parallel.threads).map { _ in Buffer(count: Self.block(points.dimensions) * points.dimensions) }
        }

        func project(_ points: Points, on axes: Buffer, _ directions: Int) {
            let (width, block) = (points.dimensions, Self.block(points.dimensions))
            parallel.forEach((count + block - 1) / block) { part, worker in
                let some = (part * block)..<min(count, (part + 1) * block)
                points.copy(some, into: blocks[worker].pointer)
                Matrix.multiply(
                    rows: some.count, columns: directions, inner: width, blocks[worker].pointer, leading: width, axes.pointer,
                    leading: width, transposeB: true, into: values.pointer + some.lowerBound * group, leading: group)
            }
        }

        func sorted(_ axis: Int) -> [Float] { (0..<count).map { values.pointer[$0 * group + axis] }.sorted() }
    }
}
