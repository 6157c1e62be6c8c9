import Foundation

/// A blob in its place. While this value lives the blob is not collected, although no row may refer to it yet; when the last
/// one goes and no row refers to the blob, the blob goes too. So an upload that is refused leaves nothing behind.
public final class StoredBlob: Sendable {
    /// The blob's name.
    public let digest: BlobDigest
    /// Its size in bytes.
    public let size: Int64
    private let store: BlobStore

    /// Where it is, for reading.
    public var url: URL { store.url(for: digest) }

    init(digest: BlobDigest, size: Int64, store: BlobStore) {
        self.digest = digest
        self.size = size
        self.store = store
    }

    deinit {
        store.release(digest)
    }
}
