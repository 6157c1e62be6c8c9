import Dispatch
import Logging
import Storage

/// Applies the configured limits to what is kept and to what lies aside, when the server starts and every hour.
final class GarbageCollector: Sendable {
    // Never changed, and Dispatch's sources may be used from any thread.
    private nonisolated(unsafe) let timer: any DispatchSourceTimer
    private let queue = DispatchQueue(label: "garbage", qos: .background)

    init(_ database: Database, _ retention: Retention, logger: Logger) {
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setEventHandler { [weak database] in
            guard let database else { return }
            do { Self.tell(try database.collectGarbage(retention), logger) } catch {
                logger.error("what is kept no longer cannot be removed: \(error)")
            }
        }
        timer.schedule(deadline: .now(), repeating: .seconds(3600))
        timer.resume()
    }

    deinit { timer.cancel() }

    /// Lets the collection that is under way finish; there is none after it.
    func stop() {
        timer.cancel()
        queue.sync {}
    }

    private static func tell(_ collection: Database.Collection, _ logger: Logger) {
        if !collection.removed.isEmpty {
            logger.notice("kept no longer: \(collection.removed.joined(separator: " ")); \(collection.bytesKept) bytes are left")
        }
        if let leap = collection.leap {
            logger.warning(
                """
                the system's clock says \(leap.found.text), the store's own time is \(leap.believed.text): nothing is removed by its age that \
                is not old by the store's (\(collection.spared.count) more would go by the system's). The system's time is believed after \
                24 hours, or at once by pruner gc --accept-clock
                """)
        }
        if collection.setAside.files > 0 {
            logger.warning("\(collection.setAside.files) files of \(collection.setAside.bytes) bytes that no row names were put aside")
        }
        if !collection.removedDays.isEmpty {
            logger.notice(
                """
                put aside on \(collection.removedDays.joined(separator: ", ")) and removed now: \(collection.removedAside.files) files of \
                \(collection.removedAside.bytes) bytes
                """)
        }
    }
}
