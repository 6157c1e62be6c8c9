import Dispatch
import Foundation
import Logging
import Synchronization

/// A listening socket that hands over the connections it accepts.
final class Listener: Sendable {
    /// What could not be done to listen.
    struct Failure: Error, CustomStringConvertible {
        let doing: String
        let found: String

        var description: String { "cannot \(doing): \(found)" }
    }

    /// What can be done for a connection for which the process has no descriptor.
    enum Relief {
        /// It waits, for a connection that was ended for its sake or for anything else to give one back.
        case wait
        /// There is no other connection: it gets the descriptor that is kept for that.
        case spare
    }

    private struct State {
        /// Kept open for a connection for which there would be no other descriptor; nil while one has it, or none could be had.
        var spare: Int32?
        var source: (any DispatchSourceRead)?
        var isPaused = false
        /// How often ``unpause()`` has been called.
        var unpauses = 0
        var isClosed = false
        /// When it was last told that connections cannot be accepted: a full table is one piece of news, not one for each client.
        var warned: DispatchTime?
    }

    /// The address it listens on, as numbers; IPv6 without brackets.
    let host: String
    /// The port it listens on: a free one when 0 was asked for.
    let port: Int
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "http.listener")
    private let logger: Logger
    private let state = Mutex(State())

    /// Binds and listens; the first address of `host` that works is taken.
    init(host: String, port: Int, logger: Logger) throws(Failure) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(port), &hints, &list)
        guard result == 0 else { throw Failure(doing: "find the address of \(host)", found: String(cString: gai_strerror(result))) }
        defer { freeaddrinfo(list) }
        var failure = Failure(doing: "listen on \(host):\(port)", found: "it has no address")
        var next = list
        while let info = next?.pointee {
            next = info.ai_next
            let kind = info.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let found = socket(info.ai_family, kind, info.ai_protocol)
            guard found >= 0 else {
                failure = Failure(doing: "make a socket", found: String(cString: strerror(errno)))
                continue
            }
            var one: Int32 = 1
            setsockopt(found, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
            guard bind(found, info.ai_addr, info.ai_addrlen) == 0, listen(found, 1024) == 0, let address = Self.address(of: found) else {
                failure = Failure(doing: "listen on \(host):\(port)", found: String(cString: strerror(errno)))
                _ = Foundation.close(found)
                continue
            }
            descriptor = found
            (self.host, self.port) = (address.host, address.port)
            self.logger = logger
            return
        }
        throw failure
    }

    /// Listens on a Unix-domain socket that only this user (and root) can reach, in place of one that is there already.
    init(socketPath: String, logger: Logger) throws(Failure) {
        let found = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard found >= 0 else { throw Failure(doing: "make a socket", found: String(cString: strerror(errno))) }
        unlink(socketPath)
        // The file takes its mode from the socket: it is never there with another one.
        let result = fchmod(found, 0o600) == 0 ? UnixAddress.with(path: socketPath) { bind(found, $0, $1) } : -1
        guard result == 0, listen(found, 64) == 0 else {
            let failure = Failure(doing: "listen on \(socketPath)", found: String(cString: strerror(errno)))
            _ = Foundation.close(found)
            throw failure
        }
        descriptor = found
        host = socketPath
        port = 0
        self.logger = logger
    }

    private static func address(of descriptor: Int32) -> NumericAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                getsockname(descriptor, address, &length) == 0 ? NumericAddress(address, length: length) : nil
            }
        }
    }

    /// Begins to accept.
    /// - Parameters:
    ///   - hasRoom: whether another connection may be accepted; else they wait in the backlog.
    ///   - outOfDescriptors: asked when one could not be accepted for want of a descriptor, whatever took them.
    ///   - accepted: gets a connected, non-blocking descriptor, which it owns.
    func start(
        hasRoom: @escaping @Sendable () -> Bool, outOfDescriptors: @escaping @Sendable () -> Relief,
        accepted: @escaping @Sendable (Int32, PeerAddress?) -> Void
    ) {
        state.withLock { state in
            Self.takeSpare(&state)
            let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
            source.setEventHandler { [weak self] in self?.accept(hasRoom, outOfDescriptors, accepted) }
            source.setCancelHandler { [descriptor] in _ = Foundation.close(descriptor) }
            source.resume()
            state.source = source
        }
    }

    private func accept(
        _ hasRoom: @Sendable () -> Bool, _ outOfDescriptors: @Sendable () -> Relief, _ accepted: @Sendable (Int32, PeerAddress?) -> Void
    ) {
        state.withLock { Self.takeSpare(&$0) }
        while true {
            // Room is made only for someone who is there.
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 0) > 0 else { return }
            let unpauses = state.withLock { $0.unpauses }
            guard hasRoom() else { return pauseForAWhile(after: unpauses) }
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let found = withUnsafeMutablePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Foundation.accept(descriptor, $0, &length) }
            }
            if found >= 0 {
                _ = fcntl(found, F_SETFD, FD_CLOEXEC)
                _ = fcntl(found, F_SETFL, O_NONBLOCK)
                accepted(found, PeerAddress(storage))
                continue
            }
            switch errno {
            case EINTR, ECONNABORTED, EPROTO: continue
            case EAGAIN: return
            case let error:
                // Out of descriptors or of memory: the connection waits in the backlog until some come back. Without a pause
                // the source would fire again at once and take a whole processor.
                warn(error)
                if error == EMFILE || error == ENFILE, outOfDescriptors() == .spare, giveSpare() { continue }
                return pauseForAWhile(after: unpauses)
            }
        }
    }

    private func warn(_ error: Int32) {
        let isNews = state.withLock { state in
            if let warned = state.warned, warned + 1 > .now() { return false }
            state.warned = .now()
            return true
        }
        guard isNews else { return }
        logger.warning("cannot accept connections for now", metadata: ["error": "\(String(cString: strerror(error)))"])
    }

    private static func takeSpare(_ state: inout State) {
        guard state.spare == nil, !state.isClosed else { return }
        let found = open("/dev/null", O_RDONLY | O_CLOEXEC)
        if found >= 0 { state.spare = found }
    }

    /// Closes the spare descriptor, so that a connection can have it. Returns whether there was one.
    private func giveSpare() -> Bool {
        state.withLock { state in
            guard let spare = state.spare.take() else { return false }
            return Foundation.close(spare) == 0
        }
    }

    /// Accepts nothing for a tenth of a second or until ``unpause()``, which must not have been called again since so many times.
    private func pauseForAWhile(after unpauses: Int) {
        guard pause(after: unpauses) else { return }
        queue.asyncAfter(deadline: .now() + .milliseconds(100)) { [weak self] in self?.unpause() }
    }

    private func pause(after unpauses: Int) -> Bool {
        state.withLock { state in
            guard state.unpauses == unpauses, !state.isPaused, !state.isClosed else { return false }
            state.isPaused = true
            state.source?.suspend()
            return true
        }
    }

    /// Accepts again: there may be room.
    func unpause() {
        state.withLock { state in
            state.unpauses += 1
            guard state.isPaused, !state.isClosed else { return }
            state.isPaused = false
            state.source?.resume()
        }
    }

    /// Stops listening.
    func close() {
        state.withLock { state in
            guard !state.isClosed else { return }
            state.isClosed = true
            if let spare = state.spare.take() { _ = Foundation.close(spare) }
            guard let source = state.source else {
                _ = Foundation.close(descriptor)
                return
            }
            source.cancel()
            // The cancel handler, which closes the descriptor, does not run while the source is suspended.
            if state.isPaused { source.resume() }
            state.source = nil
        }
    }

    deinit {
        close()
    }
}
