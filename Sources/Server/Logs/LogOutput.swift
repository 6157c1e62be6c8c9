import Foundation
import Synchronization

/// Where lines of a log go, each whole: with one write, and one at a time, as a pipe takes no more than a page at once undivided.
package final class LogOutput: Sendable {
    /// Milliseconds that a reader who is slow is waited for. A log must not hold up the service for ever.
    private static let patience: Int32 = 1000

    private let descriptor: Int32
    private let turn = Mutex(())

    /// - Parameter descriptor: stays the caller's.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Writes a line that has its line feed. What cannot be written is lost: there is no one to tell.
    package func write(_ line: [UInt8]) {
        turn.withLock { _ in
            var offset = 0
            while offset < line.count {
                let count = line.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress! + offset, line.count - offset) }
                if count > 0 {
                    offset += count
                } else if errno == EAGAIN {
                    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    guard poll(&waiting, 1, Self.patience) > 0 else { return }
                } else if errno != EINTR {
                    return
                }
            }
        }
    }
}
