/// A target that no cut of a network meets.
public struct CutTargetError: Error, Equatable, CustomStringConvertible {
    /// One resource of which every cut leaves too much.
    public struct Miss: Sendable, Equatable {
        /// Which.
        public let resource: CutResource
        /// The most that was asked for.
        public let limit: Int
        /// What the furthest cut leaves.
        public let nearest: Int
        /// What the uncut network takes.
        public let original: Int

        /// What is wrong, safe to show.
        public var description: String {
            let share = (1000 * Double(nearest) / Double(max(1, original))).rounded(.up) / 10
            func told(_ amount: Int) -> String { resource.isCounted ? "\(amount)" : "\((Double(amount) / 1e5).rounded() / 1e4) seconds" }
            return
                "cannot be met: \(told(limit)) are asked for, and the nearest that can be had is \(told(nearest)), \(share)% of \(told(original))"
        }
    }

    /// In the order of ``CutResource``, at least one.
    public let misses: [Miss]

    /// What is wrong, safe to show.
    public var description: String { misses.map { "the target of \($0.resource.rawValue) \($0.description)" }.joined(separator: "; ") }
}
