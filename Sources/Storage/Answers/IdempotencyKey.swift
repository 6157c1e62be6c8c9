/// The word under which a client sends the same creating request again, should the first answer not reach it.
public struct IdempotencyKey: Sendable, Hashable {
    /// Whose key it is: the same word of another client is another key.
    public let client: String
    /// What the client sent.
    public let word: String

    /// The key `word` of `client`.
    public init(client: String, word: String) {
        self.client = client
        self.word = word
    }
}
