/// Whom to tell that a job has ended.
public struct Webhook: Sendable, Equatable {
    /// Where to POST.
    public let url: String
    /// What the event is signed with. It is kept only as long as there is something to sign, and told to no one.
    public let secret: String

    /// Someone to tell at this URL, with events signed by this secret.
    public init(url: String, secret: String) {
        self.url = url
        self.secret = secret
    }
}
