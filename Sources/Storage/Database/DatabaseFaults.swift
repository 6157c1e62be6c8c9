import GRDB
import Synchronization

/// What SQLite has met that does not pass by itself: it counts until the database has been examined and found sound.
final class DatabaseFaults: Sendable {
    private struct State {
        var trouble: StoreTrouble?
        var count = 0
    }

    private let state = Mutex(State())

    var trouble: StoreTrouble? { state.withLock { $0.trouble } }
    /// Grows with each fault.
    var count: Int { state.withLock { $0.count } }

    func note(_ error: any Error, doing: String) {
        guard let code = (error as? DatabaseError)?.resultCode, [.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_IOERR].contains(code) else {
            return
        }
        let detail = code == .SQLITE_IOERR ? "the disk failed under it" : "pages of it are damaged"
        state.withLock { state in
            state.count += 1
            state.trouble = StoreTrouble(detail, "cannot \(doing): \(error)")
        }
    }

    /// It was found sound, by an examination that began when there were so many faults.
    func clear(upTo count: Int) {
        state.withLock { if $0.count == count { $0.trouble = nil } }
    }
}
