import Synchronization

/// What went over a server's connections since it began.
package final class Traffic: Sendable {
    /// Bytes that came.
    package let received = Atomic<Int>(0)
    /// Bytes that the kernel took to send.
    package let sent = Atomic<Int>(0)
    /// Requests whose head was no request, or did not come in time: no handler saw them.
    package let unreadable = Atomic<Int>(0)

    init() {}
}
