/// A token as its row has it.
struct KnownToken: Sendable {
    let token: AccessToken
    /// SHA-256 of its secret.
    let hash: [UInt8]
}
