import Foundation

/// A file in the data folder's `tmp/`, written from front to back, removed when this value goes.
///
/// Not for several tasks at once.
public final class TemporaryFile {
    /// Where it is.
    public let url: URL
    private let file: FileAppender
    /// Keeps the folder locked while something is being written in it.
    private let folder: DataFolder

    /// - Parameters:
    ///   - hashing: whether ``digest`` will be asked for.
    ///   - isKept: whether it is to be synchronized and moved to a place of its own.
    init(in folder: DataFolder, hashing: Bool, isKept: Bool) throws(StorageError) {
        let name = String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
        url = folder.temporary.appendingPathComponent(name, isDirectory: false)
        let descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(doing: "make a file in", path: folder.temporary.path, errno: errno) }
        file = FileAppender(descriptor, path: url.path, hashing: hashing, isKept: isKept)
        self.folder = folder
    }

    deinit {
        file.abandon()
        // Fails when the file was moved to its place; then there is nothing to remove.
        unlink(url.path)
    }

    /// Bytes written so far.
    public var size: Int64 { file.size }

    /// The SHA-256 of all the bytes, after ``flush()``, where it was asked for from the beginning.
    public var digest: BlobDigest { file.digest() }

    /// Appends bytes.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(StorageError) { try file.append(bytes) }

    /// Appends bytes.
    public func write(_ bytes: [UInt8]) throws(StorageError) { try file.append(bytes) }

    /// Waits until others can read all the bytes at ``url``.
    public func flush() throws(StorageError) { try file.flush() }

    /// Waits until the bytes are on the disk, to which nothing can be added then. A failure is final: the kernel may have dropped them, a
    /// second try would lie.
    func synchronize() throws(StorageError) {
        try file.synchronize()
        file.close()
    }
}
