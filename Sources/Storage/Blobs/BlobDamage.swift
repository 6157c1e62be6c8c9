/// Why a blob's file is not what was stored.
public struct BlobDamage: Sendable, Equatable {
    /// What is wrong with it, after "it".
    public let found: String
    /// The file as it was when that was found, as ``BlobFingerprint/text``; nil where there was none.
    let fingerprint: String?
}
