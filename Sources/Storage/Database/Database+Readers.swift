import Dispatch
import GRDB
import Synchronization

/// The connections that read.
extension Database {
    /// Reads that run at a time; more wait for one of them.
    private static let readers = 5

    static func configuration(_ patience: BusyPatience) -> GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.busyMode = .callback { _ in patience.waits() }
        configuration.maximumReaderCount = readers
        return configuration
    }

    /// Opens all readers, which the pool would do when it needs one more than before: then there might be no descriptor left for it, or
    /// it would get one that was meant for something else.
    static func openReaders(of pool: DatabasePool) throws {
        let group = DispatchGroup()
        let (arrived, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let failure = Mutex<(any Error)?>(nil)
        for number in 1...readers {
            // Queues of their own: none has to wait for another's thread.
            DispatchQueue(label: "database.reader-\(number)").async(group: group) {
                do {
                    try pool.read { database in
                        // Reads the schema, and so opens the log too.
                        try database.execute(sql: "SELECT COUNT(*) FROM sqlite_master")
                        arrived.signal()
                        gate.wait()
                    }
                } catch {
                    failure.withLock { $0 = error }
                    arrived.signal()
                }
            }
        }
        for _ in 1...readers { arrived.wait() }
        for _ in 1...readers { gate.signal() }
        group.wait()
        if let failure = failure.withLock({ $0 }) { throw failure }
    }
}
