import Foundation
import Synchronization

/// How many times the database has been written to, in `DIR/commits` beside it.
///
/// SQLite takes a log that was cut, or whose bytes were changed, for one that ends there, and says nothing: what was committed after that
/// is gone. The database counts its own commits; what was counted here too and is not in the database was lost. The file is written after
/// each commit and not waited for: it outlives the process, and after a power cut it may be behind, never ahead.
final class CommitWitness: Sendable {
    private let descriptor: Int32
    private let last: Mutex<Int64>

    /// Digits, so that every count is as long as the one that it is written over.
    private static let width = 20

    static func url(in folder: URL) -> URL { folder.appendingPathComponent("commits", isDirectory: false) }

    /// Opens the file, making it if need be.
    init(in folder: URL) throws(StorageError) {
        let path = Self.url(in: folder).path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(doing: "open", path: path, errno: errno) }
        var bytes = [UInt8](repeating: 0, count: Self.width)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        // What a power cut left of it counts for nothing.
        last = Mutex(count == Self.width ? Int64(String(decoding: bytes, as: UTF8.self)) ?? 0 : 0)
    }

    deinit { close(descriptor) }

    /// The most that was seen.
    var count: Int64 { last.withLock { $0 } }

    /// The database has been written to `count` times. Commits are told by several threads, in any order.
    func saw(_ count: Int64) {
        last.withLock { last in
            guard count > last else { return }
            last = count
            write(count)
        }
    }

    /// Another database is in its place.
    func restart(at count: Int64) {
        last.withLock { last in
            last = count
            write(count)
        }
    }

    private func write(_ count: Int64) {
        let digits = String(count)
        let bytes = Array((String(repeating: "0", count: Self.width - digits.utf8.count) + digits).utf8)
        // On a disk that does not take it fewer commits are witnessed.
        _ = pwrite(descriptor, bytes, bytes.count, 0)
    }
}
