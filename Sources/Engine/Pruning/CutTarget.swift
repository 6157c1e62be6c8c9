/// What a cut is to come to, in place of how much is to go: the most that it may leave of one resource or of several at once.
public struct CutTarget: Sendable, Equatable {
    /// The most of one resource.
    public enum Limit: Sendable, Equatable {
        /// In the resource's own unit; at least 1.
        case absolute(Int)
        /// A share of what the original takes, above 0, at most 1.
        case fraction(Double)
    }

    /// By resource, at least one.
    public let limits: [CutResource: Limit]

    /// A target.
    public init(_ limits: [CutResource: Limit]) { self.limits = limits }

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
