import Dispatch
import Synchronization

/// The threads behind one large file: one hashes, one writes, and now and then one waits for the disk.
final class BackgroundWriter: Sendable {
    private let file: AppendedFile
    /// Nil where nobody asks for the hash.
    private let hashing: DispatchQueue?
    private let writing = DispatchQueue(label: "file.write")
    private let synchronizing = DispatchQueue(label: "file.synchronize")
    private let isSynchronizing = Atomic(false)
    /// Batches that may still be handed over, to either.
    private let hashRoom = DispatchSemaphore(value: 0)
    private let writeRoom = DispatchSemaphore(value: 0)

    /// - Parameter batches: how many may be on their way at a time.
    init(_ file: AppendedFile, hashing: Bool, batches: Int) {
        self.file = file
        self.hashing = hashing ? DispatchQueue(label: "file.hash") : nil
        // Not as their initial value, which they would have to have again in the end.
        for _ in 0..<batches {
            hashRoom.signal()
            writeRoom.signal()
        }
    }

    /// Takes a batch as soon as there is room.
    func append(_ bytes: [UInt8]) {
        if let hashing {
            hashRoom.wait()
            hashing.async { [self] in
                file.hash(bytes)
                hashRoom.signal()
            }
        }
        writeRoom.wait()
        writing.async { [self] in
            // The file remembers what went wrong.
            try? file.write(bytes)
            writeRoom.signal()
        }
    }

    /// See ``FileAppender/synchronizeSoon(_:)``.
    func synchronize(_ done: @escaping @Sendable (Int64) throws(StorageError) -> Void) {
        guard !isSynchronizing.exchange(true, ordering: .relaxed) else { return }
        writing.async { [self] in
            let size = file.size
            synchronizing.async { [self] in
                do throws(StorageError) {
                    try file.synchronize()
                    try done(size)
                } catch {
                    file.fail(error)
                }
                isSynchronizing.store(false, ordering: .relaxed)
            }
        }
    }

    /// Returns when nothing is left to do.
    func wait() {
        writing.sync {}
        hashing?.sync {}
        synchronizing.sync {}
    }
}
