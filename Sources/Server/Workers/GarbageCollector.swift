import Dispatch
import Logging
import Storage

/// Applies the configured limits to what is kept, when the server starts and every hour.
final class GarbageCollector: Sendable {
    // Never changed, and Dispatch's sources may be used from any thread.
    private nonisolated(unsafe) let timer: any DispatchSourceTimer

    /// Nil where nothing is limited.
    init?(_ database: Database, _ retention: Retention, logger: Logger) {
        guard !retention.isForever else { return nil }
        timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "garbage", qos: .background))
        timer.setEventHandler { [weak database] in
            guard let database else { return }
            do {
                let collection = try database.collectGarbage(retention)
                guard !collection.removed.isEmpty else { return }
                logger.notice("kept no longer: \(collection.removed.joined(separator: " ")); \(collection.bytesKept) bytes are left")
            } catch {
                logger.error("what is kept no longer cannot be removed: \(error)")
            }
        }
        timer.schedule(deadline: .now(), repeating: .seconds(3600))
        timer.resume()
    }

    deinit { timer.cancel() }
}
