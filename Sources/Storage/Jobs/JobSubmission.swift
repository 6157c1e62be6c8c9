/// A job as it is put into the queue.
public struct JobSubmission: Sendable {
    /// What it is called.
    public var name: String?
    /// A JSON object.
    public var metadata: String
    /// Higher ones go first.
    public var priority: Int
    /// JSON; the store does not read it.
    public var request: String
    /// What it starts from; in use until the job ends.
    public var checkpoint: String
    /// What it needs; in use until the job ends.
    public var dataset: String?
    /// Another dataset, or statistics, that its samples are compared with; in use until the job ends.
    public var reference: String?
    /// What makes features of its samples; in use until the job ends.
    public var extractor: String?
    /// What is told of it already.
    public var warnings: [JobWarning]
    /// Whom to tell when it ends.
    public var webhook: Webhook?

    /// A job to be queued.
    public init(
        name: String? = nil, metadata: String = "{}", priority: Int = 0, request: String, checkpoint: String, dataset: String? = nil,
        reference: String? = nil, extractor: String? = nil, warnings: [JobWarning] = [], webhook: Webhook? = nil
    ) {
        (self.name, self.metadata, self.priority, self.request) = (name, metadata, priority, request)
        (self.checkpoint, self.dataset, self.reference, self.extractor) = (checkpoint, dataset, reference, extractor)
        (self.warnings, self.webhook) = (warnings, webhook)
    }
}
