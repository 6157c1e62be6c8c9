import Foundation

/// Writes one blob, hashing what passes: memory stays flat whatever the size.
///
/// Without ``finish()`` nothing remains of it. Not for several tasks at once.
public final class BlobWriter {
    private let store: BlobStore
    private var file: TemporaryFile?

    init(store: BlobStore, file: TemporaryFile) {
        self.store = store
        self.file = file
    }

    /// Bytes written so far.
    public var size: Int64 { file?.size ?? 0 }

    /// Appends bytes.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
        guard let file else { throw .file(doing: "write to a finished blob", path: "", errno: EBADF) }
        try file.write(bytes)
    }

    /// Appends bytes.
    public func write(_ bytes: [UInt8]) throws(StorageError) {
        guard let file else { throw .file(doing: "write to a finished blob", path: "", errno: EBADF) }
        try file.write(bytes)
    }

    /// Puts the blob in its place, on the disk for good. It stays at least as long as the value returned.
    public func finish() throws(StorageError) -> StoredBlob {
        guard let file else { throw .file(doing: "finish a finished blob", path: "", errno: EBADF) }
        self.file = nil
        return try store.keep(file)
    }

    /// Removes what was written.
    public func discard() {
        file = nil
    }
}
