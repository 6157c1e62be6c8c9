import Foundation

/// A file in the data folder's `tmp/`, written from front to back, removed when this value goes.
///
/// Not for several tasks at once.
public final class TemporaryFile {
    /// Where it is.
    public let url: URL
    /// Bytes written so far.
    public private(set) var size: Int64 = 0
    private var descriptor: Int32
    /// Keeps the folder locked while something is being written in it.
    private let folder: DataFolder

    init(in folder: DataFolder) throws(StorageError) {
        let name = String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
        url = folder.temporary.appendingPathComponent(name, isDirectory: false)
        descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(doing: "make a file in", path: folder.temporary.path, errno: errno) }
        self.folder = folder
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        // Fails when the file was moved to its place; then there is nothing to remove.
        unlink(url.path)
    }

    /// Appends bytes.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
        var done = 0
        while done < bytes.count {
            let count = Foundation.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            if count < 0 {
                if errno == EINTR { continue }
                throw .file(doing: "write", path: url.path, errno: errno)
            }
            done += count
        }
        size += Int64(bytes.count)
    }

    /// Appends bytes.
    public func write(_ bytes: [UInt8]) throws(StorageError) {
        let failure = bytes.withUnsafeBytes { bytes -> StorageError? in
            do throws(StorageError) {
                try write(bytes)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Waits until the bytes are on the disk. A failure is final: the kernel may have dropped them, a second try would lie.
    func synchronize() throws(StorageError) {
        guard fsync(descriptor) == 0 else { throw .file(doing: "fsync", path: url.path, errno: errno) }
        close(descriptor)
        descriptor = -1
    }
}
