/// What a client shows to be let in, without the secret itself.
public struct AccessToken: Sendable, Equatable {
    /// What it lets its bearer do.
    public enum Scope: String, Sendable, CaseIterable {
        /// Look: GET and HEAD.
        case read
        /// Everything.
        case write
    }

    /// What its bearer may take; nil is no limit of its own.
    public struct Limits: Sendable, Equatable {
        /// Bytes in one upload.
        public var uploadBytes: Int64?
        /// Bytes of all that its bearer has stored, what jobs made for it included.
        public var storedBytes: Int64?
        /// Jobs that wait at a time.
        public var queuedJobs: Int?

        /// Limits; none where nothing is said.
        public init(uploadBytes: Int64? = nil, storedBytes: Int64? = nil, queuedJobs: Int? = nil) {
            self.uploadBytes = uploadBytes
            self.storedBytes = storedBytes
            self.queuedJobs = queuedJobs
        }
    }

    /// `tok_…`: what it is called by in lists; it opens nothing.
    public let id: String
    /// What the operator called it.
    public let name: String
    /// What it lets its bearer do.
    public let scope: Scope
    /// What its bearer may take.
    public let limits: Limits
    /// When it was made.
    public let createdAt: Timestamp
}
