import Dispatch
import Foundation
import Synchronization

/// SIGINT and SIGTERM, which ask a command to end: what it does then, it says. When they come a second time they end it at once.
final class EndSignals: Sendable {
    private let handler: Mutex<@Sendable (Int32) -> Void>
    // Never changed, and Dispatch's sources may be used from any thread.
    private nonisolated(unsafe) var sources: [any DispatchSourceSignal] = []

    /// - Parameter handler: called with the signal's number, on a thread of its own.
    init(_ handler: @escaping @Sendable (Int32) -> Void) {
        self.handler = Mutex(handler)
        let queue = DispatchQueue(label: "signals")
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [weak self] in
                signal(number, SIG_DFL)
                self?.handler.withLock { $0 }(number)
            }
            source.resume()
            return source
        }
    }

    /// Has something else done from now on.
    func then(_ handler: @escaping @Sendable (Int32) -> Void) { self.handler.withLock { $0 = handler } }

    /// Gives the signals back to whoever had them: they end the process again.
    func end() {
        for source in sources { source.cancel() }
        for number in [SIGTERM, SIGINT] { signal(number, SIG_DFL) }
    }

    /// What a shell takes for the end by a signal. A handler that ends the process does so by `_exit`: other threads are at work, and must
    /// not meet what `exit` takes down.
    static func status(_ number: Int32) -> Int32 { 128 + number }
}
