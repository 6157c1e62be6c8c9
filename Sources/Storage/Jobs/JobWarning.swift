/// What is told of a job that stops nothing, in words a client may read.
public struct JobWarning: Sendable, Equatable {
    /// A stable snake_case word.
    public let code: String
    /// A sentence.
    public let detail: String

    /// A warning with its code and its sentence.
    public init(code: String, detail: String) {
        self.code = code
        self.detail = detail
    }
}
