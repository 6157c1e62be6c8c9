/// Why a job failed, in words a client may read.
public struct JobFailure: Sendable, Equatable {
    /// A stable snake_case word.
    public let code: String
    /// A sentence.
    public let detail: String

    /// A failure with its code and its sentence.
    public init(code: String, detail: String) {
        self.code = code
        self.detail = detail
    }
}
