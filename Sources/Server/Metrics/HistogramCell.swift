import CoreMetrics
import Synchronization

/// How often values fell between fixed bounds, and what they come to together. Takes no lock and no memory.
final class HistogramCell: RecorderHandler, TimerHandler {
    /// A number of its own: atomics cannot be moved, and so are no array's elements.
    private final class Bucket: Sendable {
        let count = Atomic<Int64>(0)
    }

    private let bounds: [Double]
    /// One for each bound, and one for all beyond.
    private let buckets: [Bucket]
    /// A double's bits.
    private let sum = Atomic<UInt64>(0)

    /// - Parameter bounds: upper ones, rising.
    init(bounds: [Double]) {
        self.bounds = bounds
        buckets = (0...bounds.count).map { _ in Bucket() }
    }

    /// How many values were at most each bound, and how many there are; of one moment as far as values do not come meanwhile.
    var value: (cumulative: [(bound: Double, count: Int64)], count: Int64, sum: Double) {
        var total: Int64 = 0
        let counts = buckets.map { $0.count.load(ordering: .relaxed) }
        let cumulative = zip(bounds, counts).map { bound, count in
            total += count
            return (bound: bound, count: total)
        }
        return (cumulative, total + counts[bounds.count], Double(bitPattern: sum.load(ordering: .relaxed)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        // Few bounds, and most values below the first ones.
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }
        buckets[index].count.wrappingAdd(1, ordering: .relaxed)
        var old = sum.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + value).bitPattern
            let (exchanged, original) = sum.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = original
        }
    }
}
