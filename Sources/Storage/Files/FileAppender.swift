import Foundation

/// Appends to a file. Beyond its first mebibyte a file is hashed and written by threads of their own, while the caller fetches more; and
/// the disk begins early, so that little is left for it to do when it is waited for.
///
/// What fails in the background is thrown by a later call; after that nothing more is written. Not for several tasks at once.
final class FileAppender {
    /// Bytes in the file or on their way there.
    private(set) var size: Int64
    private let file: AppendedFile
    private let hashing: Bool
    /// The size from which on a background is worth it.
    private let threshold: Int64
    private var background: BackgroundWriter?
    /// What is too small to be handed over.
    private var batch: [UInt8] = []

    /// Bytes that are handed over at a time.
    private static let batchSize = 256 << 10
    /// Batches on their way at a time: what a file takes of memory, whatever its size.
    private static let batches = 8

    /// - Parameters:
    ///   - descriptor: of the file, which this value owns from now on; appending begins where it stands.
    ///   - path: for errors.
    ///   - size: bytes in the file.
    ///   - hashing: whether ``digest()`` will be asked for.
    ///   - isKept: whether the file will be waited for: then the disk begins early.
    init(_ descriptor: Int32, path: String, size: Int64 = 0, hashing: Bool = false, isKept: Bool = true) {
        self.size = size
        self.hashing = hashing
        threshold = size + (1 << 20)
        file = AppendedFile(descriptor, path: path, size: size, hashing: hashing, isKept: isKept)
    }

    deinit { abandon() }

    /// Appends bytes.
    func append(_ bytes: [UInt8]) throws(StorageError) {
        if let failure = file.failure { throw failure }
        size += Int64(bytes.count)
        if size <= threshold {
            file.hash(bytes)
            try file.write(bytes)
        } else if batch.isEmpty, bytes.count >= Self.batchSize {
            running().append(bytes)
        } else {
            batch += bytes
            if batch.count >= Self.batchSize { handOver() }
        }
    }

    /// Appends bytes.
    func append(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
        for start in stride(from: 0, to: bytes.count, by: Self.batchSize) {
            try append(Array(bytes[start..<min(bytes.count, start + Self.batchSize)]))
        }
    }

    /// Waits until everything is in the file, where others can read it, though perhaps not on the disk.
    func flush() throws(StorageError) {
        handOver()
        background?.wait()
        if let failure = file.failure { throw failure }
    }

    /// Waits until everything is on the disk. A failure is final: the kernel may have dropped the bytes, a second try would lie.
    func synchronize() throws(StorageError) {
        try flush()
        try file.synchronize()
    }

    /// Gives the descriptor back, after ``synchronize()``; nothing more can be appended.
    func close() { file.close() }

    /// Calls `done`, on another thread, once all that is here now is on the disk, with the file's size up to there. While an earlier call
    /// is under way nothing is done. What `done` throws fails the file.
    func synchronizeSoon(_ done: @escaping @Sendable (Int64) throws(StorageError) -> Void) {
        handOver()
        running().synchronize(done)
    }

    /// The SHA-256 of everything, once it is flushed.
    func digest() -> BlobDigest { file.digest() }

    /// Returns when nothing is written any more. What was on its way may or may not be in the file.
    func abandon() {
        file.fail(.file(doing: "write to an abandoned file", path: file.path, errno: ECANCELED))
        background?.wait()
    }

    /// Cuts the file off, after ``abandon()``.
    func truncate(to size: Int64) { file.truncate(to: size) }

    private func handOver() {
        guard !batch.isEmpty else { return }
        running().append(batch)
        batch = []
    }

    private func running() -> BackgroundWriter {
        if let background { return background }
        let made = BackgroundWriter(file, hashing: hashing, batches: Self.batches)
        background = made
        return made
    }
}
