import CLinux
import Foundation
import Hashing
import Synchronization

/// A file that is written from front to back, and hashed on the way. What has failed once fails for good.
final class AppendedFile: Sendable {
    private struct State {
        var failure: StorageError?
        /// Bytes in the file.
        var size: Int64
        /// Bytes that the disk has begun with.
        var begun: Int64
    }

    let path: String
    private let descriptor: Int32
    private let isKept: Bool
    private let state: Mutex<State>
    private let hash: Mutex<MessageDigest?>
    private let isOpen = Atomic(true)

    /// Bytes after which the disk begins with them. Left to itself the kernel would gather some seconds' worth, and all of it would be
    /// waited for in the end.
    private static let writeback: Int64 = 4 << 20

    init(_ descriptor: Int32, path: String, size: Int64, hashing: Bool, isKept: Bool) {
        self.descriptor = descriptor
        self.path = path
        self.isKept = isKept
        state = Mutex(State(size: size, begun: size))
        hash = Mutex(hashing ? MessageDigest(.sha256) : nil)
    }

    deinit { close() }

    /// Gives the descriptor back; after that nothing but the hash may be asked for.
    func close() {
        if isOpen.exchange(false, ordering: .relaxed) { Foundation.close(descriptor) }
    }

    /// What went wrong.
    var failure: StorageError? { state.withLock { $0.failure } }

    /// Bytes in the file.
    var size: Int64 { state.withLock { $0.size } }

    /// Makes every call from now on fail, for the first reason there was.
    func fail(_ error: StorageError) { state.withLock { $0.failure = $0.failure ?? error } }

    func hash(_ bytes: [UInt8]) { hash.withLock { $0?.update(bytes) } }

    func digest() -> BlobDigest { BlobDigest(hash.withLock { ($0 ?? MessageDigest(.sha256)).finalize() }) }

    /// Appends all the bytes. One caller at a time.
    func write(_ bytes: [UInt8]) throws(StorageError) {
        if let failure { throw failure }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress! + done, bytes.count - done) }
            if count < 0 {
                if errno == EINTR { continue }
                throw failed(doing: "write")
            }
            done += count
        }
        let next = state.withLock { state -> Range<Int64>? in
            state.size += Int64(bytes.count)
            guard isKept, state.size - state.begun >= Self.writeback else { return nil }
            defer { state.begun = state.size }
            return state.begun..<state.size
        }
        // Only a beginning: whether it worked is found out when the file is synchronized.
        if let next { _ = sync_file_range(descriptor, next.lowerBound, Int64(next.count), SYNC_FILE_RANGE_WRITE) }
    }

    func synchronize() throws(StorageError) {
        if let failure { throw failure }
        guard fsync(descriptor) == 0 else { throw failed(doing: "fsync") }
    }

    func truncate(to size: Int64) { ftruncate(descriptor, off_t(size)) }

    private func failed(doing: String) -> StorageError {
        let error = StorageError.file(doing: doing, path: path, errno: errno)
        fail(error)
        return error
    }
}
