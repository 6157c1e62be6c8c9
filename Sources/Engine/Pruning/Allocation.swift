/// How much of a cut each group bears.
public enum Allocation: String, Sendable, CaseIterable, Codable {
    /// Every group loses the same share of its channels.
    case uniform
    /// Groups whose channels are worth little for what they cost lose more: see ``GlobalAllocation``.
    case global
}
