import Dispatch
import Foundation
import GRDB
import Synchronization

/// How long statements wait while another process has the database locked: all together some seconds from the first that met the lock,
/// so that those who wait behind it do not wait in turn.
final class BusyPatience: Sendable {
    /// Since when it has been locked, and when that was last seen.
    private let lock = Mutex<(since: UInt64, seen: UInt64)?>(nil)
    private let nanoseconds: UInt64

    /// Seconds that SQLite waits by default in ``Database``.
    static let seconds = 5.0

    init(seconds: Double = BusyPatience.seconds) {
        nanoseconds = UInt64(seconds * 1e9)
    }

    /// SQLite's busy handler: waits a moment, and tells whether to try again.
    func waits() -> Bool {
        let now = DispatchTime.now().uptimeNanoseconds
        let since = lock.withLock { lock -> UInt64 in
            // One that was not seen for as long is another lock.
            let since = lock.flatMap { now - $0.seen < nanoseconds ? $0.since : nil } ?? now
            lock = (since, now)
            return since
        }
        guard now - since < nanoseconds else { return false }
        usleep(10_000)
        return true
    }

    /// The database was written to.
    func ends() {
        lock.withLock { $0 = nil }
    }
}
