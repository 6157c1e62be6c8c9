import Engine
import Foundation

extension Thread {
    /// Starts a thread for work that lasts, below whatever answers requests. Not one of Dispatch's, which are few.
    ///
    /// - Parameters:
    ///   - running: is left when the work is done; what the thread holds may go a moment later.
    package static func startInBackground(_ name: String, in running: DispatchGroup, _ work: @escaping @Sendable () -> Void) {
        running.enter()
        startInBackground(name) {
            defer { running.leave() }
            work()
        }
    }

    /// Starts a thread that nobody waits for.
    static func startInBackground(_ name: String, _ work: @escaping @Sendable () -> Void) {
        let thread = Thread {
            Niceness.takeOn()
            work()
        }
        thread.name = name
        thread.start()
    }
}
