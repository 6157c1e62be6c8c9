import Dispatch
import Foundation
import Jobs
import Logging
import Storage

/// Reads everything that is stored, slowly and again and again, to find what the disk has damaged before someone needs it. It goes on
/// where the last process stopped, so that all of a large store is read in time.
final class BlobWalk: Sendable {
    private let database: Database
    private let bytesPerSecond: Int64
    private let logger: Logger
    private let stopping = DispatchSemaphore(value: 0)
    private let running = DispatchGroup()

    /// Seconds from the beginning of one walk to that of the next, if it takes no longer.
    private static let period = 86_400.0
    /// Seconds between notes of how far it has come.
    private static let noting = 60.0

    /// Nil where nothing is to be read.
    init?(_ database: Database, bytesPerSecond: Int64, logger: Logger) {
        guard bytesPerSecond > 0 else { return nil }
        self.database = database
        self.bytesPerSecond = bytesPerSecond
        self.logger = logger
    }

    /// Begins on a thread of its own.
    func start() {
        Thread.startInBackground("blob-walk", in: running) { while self.walk() {} }
    }

    /// Ends it and waits for that.
    func stop() {
        stopping.signal()
        running.wait()
    }

    /// Waits, and returns whether to go on.
    private func wait(_ seconds: Double) -> Bool {
        guard stopping.wait(timeout: .now() + max(0, seconds)) == .success else { return true }
        // For whoever asks next.
        stopping.signal()
        return false
    }

    /// One walk from where the last one stopped. - Returns: whether to walk again.
    private func walk() -> Bool {
        let begun = Self.now()
        do {
            var last = try database.walked()
            var noted = begun
            while let next = try database.blob(after: last) {
                guard try read(next) else {
                    try database.setWalked(last)
                    return false
                }
                last = next
                if Self.now() - noted > Self.noting {
                    try database.setWalked(last)
                    noted = Self.now()
                }
            }
            if last != nil { try database.setWalked(nil) }
            return wait(Self.period - (Self.now() - begun))
        } catch {
            logger.error("what is stored cannot be looked through: \(error)")
            return wait(Self.noting)
        }
    }

    /// Reads one blob. - Returns: false when it was told to stop.
    private func read(_ digest: BlobDigest) throws -> Bool {
        var isStopped = !wait(0)
        guard !isStopped else { return false }
        do throws(StorageError) {
            _ = try database.blobs.reread(digest) { count in
                isStopped = !wait(Double(count) / Double(bytesPerSecond))
                return !isStopped
            }
        } catch {
            // Deleted meanwhile; or it cannot be read, and the store has told so.
            guard case .file = error else { throw error }
        }
        return !isStopped
    }

    private static func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }
}
