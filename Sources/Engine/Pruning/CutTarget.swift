/// What a cut is to come to, in place of how much is to go: the most that it may leave of one resource or of several at once.
public struct CutTarget: Sendable, Equatable {
    /// The most of one resource.
    public enum Limit: Sendable, Equatable {
        /// In the resource's own unit, that of ``CutGauge/amount(_:of:)``; at least 1.
        case absolute(Int)
        /// A share of what the original takes, above 0, at most 1.
        case fraction(Double)
    }

    /// By resource; none where there is ``lossIncrease``.
    public let limits: [CutResource: Limit]
    /// By how much the cut may raise the held-out loss, as a share of the original's; then it is the furthest such cut that is looked for. Nil
    /// where the loss does not count.
    public let lossIncrease: Double?

    /// A target.
    public init(_ limits: [CutResource: Limit], lossIncrease: Double? = nil) { (self.limits, self.lossIncrease) = (limits, lossIncrease) }

    /// The same without what only running the network tells.
    public var counted: CutTarget { CutTarget(limits.filter { $0.key.isCounted }, lossIncrease: lossIncrease) }

    /// The most of each resource in its own unit, rounded down.
    ///
    /// - Parameter original: what the uncut network takes of a resource.
    public func amounts(of original: (CutResource) throws -> Int) rethrows -> [CutResource: Int] {
        var amounts: [CutResource: Int] = [:]
        for (resource, limit) in limits {
            switch limit {
            case .absolute(let amount): amounts[resource] = amount
            case .fraction(let share):
                let amount = share * Double(try original(resource))
                // 0.7 is a little less than seven tenths, which may be whole.
                let whole = amount.rounded()
                amounts[resource] = Int(abs(amount - whole) <= 4 * amount.ulp ? whole : amount)
            }
        }
        return amounts
    }
}
