import Engine
import Foundation
import Testing

/// Distances between sets of features against slow plain twins.
@Suite struct DistanceTests {
    /// Normal numbers with another mean and spread along each axis.
    private static func features(_ count: Int, _ width: Int, seed: Int, shift: Float = 0) -> FeatureSet {
        var generator = TorchGenerator(seed: seed)
        let numbers = generator.randn(count * width)
        let values = numbers.indices.map { index in
            let axis = index % width
            let before = axis > 0 ? numbers[index - 1] : 0
            return numbers[index] * (1 + 0.2 * Float(axis)) + 0.3 * before + shift * Float(axis)
        }
        return FeatureSet(width: width, values: values)
    }

    // MARK: Fréchet

    private static func covariance(_ set: FeatureSet) -> (mean: [Double], matrix: [[Double]]) {
        let rows = Self.rows(set)
        var mean = [Double](repeating: 0, count: set.width)
        for row in rows {
            for i in row.indices { mean[i] += row[i] / Double(set.count) }
        }
        var matrix = [[Double]](repeating: mean.map { _ in 0 }, count: set.width)
        for row in rows {
            for i in row.indices {
                for j in row.indices { matrix[i][j] += (row[i] - mean[i]) * (row[j] - mean[j]) / Double(set.count - 1) }
            }
        }
        return (mean, matrix)
    }

    private static func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
        var c = a.map { _ in [Double](repeating: 0, count: b[0].count) }
        for i in a.indices {
            for j in b[0].indices {
                for k in b.indices { c[i][j] += a[i][k] * b[k][j] }
            }
        }
        return c
    }

    private static func inverse(_ matrix: [[Double]]) -> [[Double]] {
        let size = matrix.count
        var rows = matrix.enumerated().map { index, row in row + (0..<size).map { $0 == index ? 1 : 0 } }
        for pivot in 0..<size {
            let best = (pivot..<size).max { abs(rows[$0][pivot]) < abs(rows[$1][pivot]) } ?? pivot
            rows.swapAt(pivot, best)
            let scale = rows[pivot][pivot]
            rows[pivot] = rows[pivot].map { $0 / scale }
            for other in 0..<size where other != pivot {
                let factor = rows[other][pivot]
                rows[other] = zip(rows[other], rows[pivot]).map { $0 - factor * $1 }
            }
        }
        return rows.map { Array($0[size...]) }
    }

    /// The formula as it stands, the square root by Denman's and Beavers' iteration.
    private static func frechet(_ one: FeatureSet, _ other: FeatureSet) -> Double {
        let (a, b) = (covariance(one), covariance(other))
        var root = product(a.matrix, b.matrix)
        var inverted = root
        for i in root.indices {
            for j in root.indices { inverted[i][j] = i == j ? 1 : 0 }
        }
        for _ in 0..<60 {
            let (y, z) = (inverse(root), inverse(inverted))
            for i in root.indices {
                for j in root.indices {
                    root[i][j] = (root[i][j] + z[i][j]) / 2
                    inverted[i][j] = (inverted[i][j] + y[i][j]) / 2
                }
            }
        }
        var distance = 0.0
        for i in root.indices {
            let step = a.mean[i] - b.mean[i]
            distance += step * step + a.matrix[i][i] + b.matrix[i][i] - 2 * root[i][i]
        }
        return distance
    }

    @Test func theFrechetDistanceIsThatOfTheFormula() throws {
        let (one, other) = (Self.features(60, 7, seed: 1), Self.features(45, 7, seed: 2, shift: 0.4))
        let expected = Self.frechet(one, other)
        #expect(expected > 1)
        #expect(abs(try FrechetDistance.between(one, other) / expected - 1) < 1e-6)
        #expect(abs(try FrechetDistance.between(one, one)) < 1e-9)
    }

    @Test func fewerSamplesThanFeaturesGiveTheSameBySingularValues() throws {
        let (few, many) = (Self.features(9, 12, seed: 3), Self.features(30, 12, seed: 4, shift: 0.2))
        let whole = try FrechetDistance.between(FeatureStatistics(few), FeatureStatistics(many))
        #expect(abs(try FrechetDistance.between(few, many) / whole - 1) < 1e-6)
        #expect(abs(try FrechetDistance.between(many, few) / whole - 1) < 1e-6)
    }

    @Test func featuresThatAreNoNumbersHaveNoDistance() {
        let broken = FeatureSet(width: 2, values: [0, 1, .nan, 2, 3, 4])
        #expect(throws: MatrixError.self) { try FrechetDistance.between(broken, Self.features(5, 2, seed: 1)) }
    }

    // MARK: Kernel

    private static func kernel(_ one: [[Double]], _ other: [[Double]]) -> Double {
        func value(_ x: [Double], _ y: [Double]) -> Double {
            var product = 0.0
            for i in x.indices { product += x[i] * y[i] }
            return pow(product / Double(x.count) + 1, 3)
        }
        let size = Double(one.count)
        var sum = 0.0
        for i in one.indices {
            for j in one.indices {
                if i != j { sum += (value(one[i], one[j]) + value(other[i], other[j])) / (size * (size - 1)) }
                sum -= 2 * value(one[i], other[j]) / (size * size)
            }
        }
        return sum
    }

    private static func rows(_ set: FeatureSet) -> [[Double]] {
        (0..<set.count).map { row in (0..<set.width).map { Double(set.values[row * set.width + $0]) } }
    }

    @Test func theKernelDistanceIsThatOfTheFormula() {
        let (one, other) = (Self.features(20, 6, seed: 5), Self.features(20, 6, seed: 6, shift: 0.3))
        let whole = KernelDistance().between(one, other, parallel: Parallel(threads: 2))
        #expect(whole.subsets == 1 && whole.subsetSize == 20 && whole.deviation == 0)
        #expect(abs(whole.mean / Self.kernel(Self.rows(one), Self.rows(other)) - 1) < 1e-4)

        var some = KernelDistance()
        (some.subsets, some.subsetSize) = (7, 8)
        let found = some.between(one, other, parallel: Parallel(threads: 2))
        var generator = NumpyGenerator(seed: 2020)
        let values = (0..<7).map { _ in
            let left = generator.permutation(20).prefix(8).map { Self.rows(one)[$0] }
            return Self.kernel(left, generator.permutation(20).prefix(8).map { Self.rows(other)[$0] })
        }
        let mean = values.reduce(0, +) / 7
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 7).squareRoot()
        #expect(abs(found.mean / mean - 1) < 1e-4 && abs(found.deviation / deviation - 1) < 1e-4)
        #expect(found == some.between(one, other, parallel: Parallel(threads: 1)))
    }

    /// As `numpy.random.RandomState(2020)` gives them one after the other.
    @Test func permutationsAreThoseOfNumPy() {
        var generator = NumpyGenerator(seed: 2020)
        #expect(generator.permutation(10) == [2, 4, 9, 1, 5, 7, 6, 3, 8, 0])
        #expect(generator.permutation(7) == [4, 3, 1, 2, 5, 6, 0])
        #expect(Array(generator.permutation(1000).prefix(5)) == [137, 472, 829, 133, 288])
    }

    // MARK: Sliced

    @Test func oneDimensionsDistanceIsThatOfTheQuantiles() {
        var generator = TorchGenerator(seed: 7)
        for (n, m) in [(6, 6), (6, 4), (5, 7), (1, 3), (8, 2)] {
            let (x, y) = (generator.randn(n).sorted(), generator.randn(m).sorted())
            // Each value as often as the other list is long: then both lists are of a length.
            let left = x.flatMap { [Float](repeating: $0, count: m) }
            let right = y.flatMap { [Float](repeating: $0, count: n) }
            var expected = 0.0
            for i in left.indices {
                let step = Double(left[i]) - Double(right[i])
                expected += step * step / Double(n * m)
            }
            #expect(abs(SlicedWasserstein.distance(x, y) - expected) < 1e-9 * max(1, expected))
        }
    }

    @Test func theSlicedDistanceIsTheMeanOverDirections() throws {
        let (one, other) = (Self.features(33, 20, seed: 8), Self.features(21, 20, seed: 9, shift: 0.1))
        var sliced = SlicedWasserstein()
        (sliced.directions, sliced.seed) = (37, 4)
        var generator = TorchGenerator(seed: 4)
        var expected = 0.0
        for _ in 0..<37 {
            let axis = generator.randn(20).map { Double($0) }
            var square = 0.0
            for number in axis { square += number * number }
            func along(_ set: FeatureSet) -> [Float] {
                let places: [Float] = Self.rows(set).map { row in
                    var place = 0.0
                    for i in row.indices { place += row[i] * axis[i] }
                    return Float(place / square.squareRoot())
                }
                return places.sorted()
            }
            expected += SlicedWasserstein.distance(along(one), along(other)) / 37
        }
        let found = try sliced.between(one, other, parallel: Parallel(threads: 2))
        #expect(abs(found / expected - 1) < 1e-4)
        let single = try sliced.between(one, other, parallel: Parallel(threads: 1))
        #expect(found == single)
        let none = try sliced.between(one, one, parallel: Parallel(threads: 2))
        #expect(none == 0)
    }

    @Test func picturesArePointsToo() throws {
        let pictures = Pictures(count: 2, channels: 1, height: 1, width: 2, bytes: [0, 255, 51, 102])
        let same = FeatureSet(width: 2, values: [0, 1, 0.2, 0.4])
        let distance = try SlicedWasserstein().between(pictures, same, parallel: Parallel(threads: 1))
        #expect(distance < 1e-12)
        #expect(pictures.taking(1..<2).bytes == [51, 102] && pictures.prefix(5) == pictures)
    }
}
