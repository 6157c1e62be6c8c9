import Dispatch

/// How long a connection waits. None of these is a total on a body: a slow client that keeps moving is served to the end.
package struct Timeouts: Sendable, Equatable {
    /// Seconds for a whole head, from its first byte (from the connection's beginning for the first one).
    package var head = 15.0
    /// Seconds between one answer and the next request.
    package var idle = 60.0
    /// Seconds that a client may be waited for while a body is read or an answer is written; every byte that moves earns some back.
    package var stall = 60.0
    /// Bytes a second that a body or an answer must move at, in the long run.
    package var rate = 256.0
    /// Seconds that the rest of a request is swallowed after an answer that closes the connection, so that the client gets to read it.
    package var linger = 30.0
    /// Seconds without a byte that end that.
    package var lingerIdle = 5.0
    /// Seconds that requests in progress get when the server stops.
    package var shutdown = 10.0

    package init() {}

    static func after(_ seconds: Double) -> DispatchTime {
        .now() + .nanoseconds(Int(seconds * 1e9))
    }
}
