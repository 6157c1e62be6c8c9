/// What is wrong with a part of the store.
public struct StoreTrouble: Sendable, Equatable {
    /// In words that anyone may read.
    public let detail: String
    /// With what the log should have besides: paths, and what the system says.
    public let cause: String

    /// What anyone may read, and what is for the log alone.
    public init(_ detail: String, _ cause: String) {
        self.detail = detail
        self.cause = "\(detail): \(cause)"
    }
}
