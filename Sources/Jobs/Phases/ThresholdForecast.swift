import Foundation

/// How far scoring will come before the loss stays below its threshold: losses fall about as a power of the timestep, whose line in logarithms
/// through the later half of those that are known goes on to the threshold.
package struct ThresholdForecast {
    /// The timesteps that may be scored, in order.
    private let points: [Int]
    /// The share of the largest loss at which scoring ends.
    private let threshold: Double
    private var known: [(point: Int, loss: Double)] = []

    /// Fewer losses than this tell nothing.
    private static let fewest = 6

    /// - Parameters:
    ///   - points: in order.
    ///   - threshold: a share of the largest loss, above 0.
    package init(points: [Int], threshold: Double) { (self.points, self.threshold) = (points, threshold) }

    /// Takes the loss of the next timestep.
    package mutating func add(_ point: Int, loss: Double) {
        guard loss > 0, loss.isFinite else { return }
        known.append((point, loss))
    }

    /// How many of the timesteps will be scored; nil where too little is known, or losses do not fall.
    package var expected: Int? {
        let later = known.suffix(known.count - known.count / 2)
        guard known.count >= Self.fewest, let largest = known.map(\.loss).max(), let last = known.last else { return nil }
        let (x, y) = (later.map { log(Double($0.point) + 1) }, later.map { log($0.loss) })
        let (meanX, meanY) = (x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count))
        let spread = x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
        let slope = spread > 0 ? zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) } / spread : 0
        guard slope < 0 else { return nil }
        let end = exp(meanX + (log(threshold * largest) - meanY) / slope) - 1
        let passed = points.prefix { Double($0) <= end }.count
        // Scoring looks at one more, whose loss is below.
        let seen = points.prefix { $0 <= last.point }.count
        return min(points.count, max(passed, seen) + 1)
    }
}
