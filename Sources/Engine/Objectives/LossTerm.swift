/// One of the terms that a loss is made of, before it is weighed.
public struct LossTerm: Sendable, Equatable {
    /// What it is called.
    public let name: String
    /// Over the whole batch.
    public let value: Double
}
