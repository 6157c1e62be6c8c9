import Foundation

/// A threshold that is chosen when a walk is through all its points, by a rule of thumb.
///
/// A point's gradient moves importance from some channels to others: m_t, as ``ImportanceHistory/moved``. Were all gradients alike but for
/// their size, it would do so in proportion to its share of the losses so far, ℓ_t = L_t / Σ_{s ≤ t} L_s. Late points of a diffusion model
/// have hardly any loss; where they move much more than that, it is by noise. So with
///
///     r_k = Σ_{t > k} m_t / Σ_t m_t,   q_k = Σ_{t > k} ℓ_t / Σ_t ℓ_t    (from the second point on, as the first has nothing to move)
///
/// the walk is to end after the points k at which r_k - q_k is largest, among those after which some threshold would have ended it and the
/// rest would move at least twice its share, r_k ≥ 2 q_k. Where there is none, all points count.
public struct ThresholdChoice: Sendable, Equatable {
    /// T, which ends a walk over the same points just there: of all that do, one of few decimals. 0 ends none.
    public let threshold: Double
    /// Points that count.
    public let kept: Int
    /// Points that there are.
    public let points: Int
    /// The share of all losses that those have which count.
    public let loss: Double
    /// r_k.
    public let moved: Double
    /// q_k.
    public let due: Double

    /// - Parameters:
    ///   - losses: of all points.
    ///   - moved: as ``ImportanceHistory/moved``.
    package init(losses: [Double], moved: [Double]) {
        var sum = 0.0
        let due = losses.map { loss in
            defer { sum += loss }
            return sum > 0 ? loss / (sum + loss) : 0
        }
        let (lossLeft, movedLeft, dueLeft) = (Self.left(losses), Self.left(moved), Self.left(due))
        var (kept, stop, best) = (losses.count, 0.0...0.0, 0.0)
        for (count, thresholds) in Self.stops(losses) where movedLeft[count] >= 2 * dueLeft[count] {
            let surplus = movedLeft[count] - dueLeft[count]
            if surplus > best { (kept, stop, best) = (count, thresholds, surplus) }
        }
        threshold = kept < losses.count ? Self.short(in: stop, ending: losses, after: kept) : 0
        self.kept = kept
        points = losses.count
        loss = 1 - lossLeft[kept]
        self.moved = movedLeft[kept]
        self.due = dueLeft[kept]
    }

    /// What share of all is left after so many.
    private static func left(_ values: [Double]) -> [Double] {
        let total = values.reduce(0, +)
        var left = [0.0]
        for value in values.reversed() { left.append((left.last ?? 0) + value) }
        return left.reversed().map { total > 0 ? $0 / total : 0 }
    }

    /// After how many points a threshold can end the walk, and between which numbers it lies then: wherever a loss is smaller beside the
    /// largest so far than all before it.
    private static func stops(_ losses: [Double]) -> [(count: Int, thresholds: ClosedRange<Double>)] {
        var stops: [(count: Int, thresholds: ClosedRange<Double>)] = []
        var (largest, smallest) = (0.0, 1.0)
        for (count, loss) in losses.enumerated() {
            largest = max(largest, loss)
            let relative = largest > 0 ? loss / largest : 1
            guard relative < smallest else { continue }
            let stop = relative...smallest
            if end(of: losses, at: middle(stop)) == count { stops.append((count, stop)) }
            smallest = relative
        }
        return stops
    }

    private static func middle(_ range: ClosedRange<Double>) -> Double { (range.lowerBound + range.upperBound) / 2 }

    /// After how many points a threshold ends the walk.
    private static func end(of losses: [Double], at threshold: Double) -> Int {
        var largest = 0.0
        for (count, loss) in losses.enumerated() {
            largest = max(largest, loss)
            if !Scoring.counts(loss, largest: largest, threshold: threshold) { return count }
        }
        return losses.count
    }

    /// A number of few decimals within a range that ends the walk where its middle does.
    private static func short(in range: ClosedRange<Double>, ending losses: [Double], after count: Int) -> Double {
        let middle = middle(range)
        for decimals in 1...15 {
            let scale = pow(10, Double(decimals))
            let number = (middle * scale).rounded() / scale
            if number > range.lowerBound, number < range.upperBound, end(of: losses, at: number) == count { return number }
        }
        return middle
    }
}
