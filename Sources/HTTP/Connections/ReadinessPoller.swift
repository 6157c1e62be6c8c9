import CLinux
import Foundation
import Synchronization

/// Tells when sockets are ready, by epoll(7) on one thread for the whole process.
///
/// Dispatch's sources do that too, but not where strangers are at the other end: on Linux libdispatch (as of Swift 6.3) gives back its record of
/// a descriptor on the queue of the source whose peer has hung up (EPOLLHUP), while its own thread may still be walking over that record. A peer
/// that resets its connections could so end the server.
final class ReadinessPoller: Sendable {
    /// Of all servers and sockets.
    static let shared = ReadinessPoller()

    /// A socket's place. Never used again, so that what comes late for one that has left finds nobody.
    struct Place: Sendable {
        fileprivate let number: UInt64
        fileprivate let descriptor: Int32
    }

    private struct State {
        var handlers: [UInt64: @Sendable () -> Void] = [:]
        var last: UInt64 = 0
    }

    /// Of epoll; below zero where there is none.
    private let descriptor: Int32
    /// Why.
    private let trouble: Int32
    private let state = Mutex(State())

    private init() {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        trouble = errno
        guard descriptor >= 0 else { return }
        let thread = Thread { [self] in run() }
        thread.name = "http.readiness"
        thread.start()
    }

    /// Begins, where it has not yet.
    ///
    /// - Throws: ``Listener/Failure`` where no descriptor was left for it.
    static func requireOpen() throws(Listener.Failure) {
        guard shared.descriptor < 0 else { return }
        throw Listener.Failure(doing: "wait for clients", found: "epoll: \(String(cString: strerror(shared.trouble)))")
    }

    /// Takes a socket in, of which nothing is told before ``arm(_:for:)``.
    ///
    /// - Parameter handler: called on the one thread that there is: it must not block.
    /// - Returns: nil where the kernel takes no more.
    func add(_ socket: Int32, handler: @escaping @Sendable () -> Void) -> Place? {
        let place = state.withLock { state in
            state.last += 1
            state.handlers[state.last] = handler
            return Place(number: state.last, descriptor: socket)
        }
        guard control(EPOLL_CTL_ADD, place, 0) else {
            state.withLock { $0.handlers[place.number] = nil }
            return nil
        }
        return place
    }

    /// Has its handler called once, when the socket is ready or has failed.
    ///
    /// - Parameter events: `POLLIN` or `POLLOUT`, which are epoll's too.
    /// - Returns: false where the kernel refuses.
    func arm(_ place: Place, for events: Int32) -> Bool { control(EPOLL_CTL_MOD, place, UInt32(events)) }

    /// Lets go of a socket, which must still be open. Its handler may be at work for the last time.
    func remove(_ place: Place) {
        _ = control(EPOLL_CTL_DEL, place, 0)
        state.withLock { $0.handlers[place.number] = nil }
    }

    private func control(_ operation: Int32, _ place: Place, _ events: UInt32) -> Bool {
        var event = epoll_event()
        event.events = events | EPOLLONESHOT.rawValue
        event.data.u64 = place.number
        return epoll_ctl(descriptor, operation, place.descriptor, &event) == 0
    }

    private func run() {
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        while true {
            let count = Int(epoll_wait(descriptor, &events, Int32(events.count), -1))
            for event in events.prefix(max(0, count)) {
                let handler = state.withLock { $0.handlers[event.data.u64] }
                handler?()
            }
        }
    }
}
