import Dispatch
import Foundation
import Logging
import Synchronization

/// An HTTP/1.1 server: listens, and serves every connection in a task of its own.
///
///     let server = try HTTPServer(host: "127.0.0.1", port: 0, logger: logger)
///     server.start { try await router.respond(to: $0) }
///     …
///     await server.shutdown()
///
/// Handlers may block their thread. An error they throw is answered by itself if it is a ``RespondingError``, else with 500.
package final class HTTPServer: Sendable {
    private struct Served {
        let connection: Connection
        let task: Task<Void, Never>
        let peer: PeerAddress?
    }

    private struct State {
        var connections: [Int: Served] = [:]
        var countByPeer: [PeerAddress: Int] = [:]
        var nextNumber = 0
        /// Those that were ended to make room and have not given their descriptors back yet.
        var leaving: Set<Int> = []
        /// Connections that are served at a time.
        var limit: Int
        /// Resumed once, when the last connection is gone or was given up.
        var stopped: CheckedContinuation<Void, Never>?
    }

    /// The address it listens on.
    package var host: String { listener.host }
    /// The port it listens on: a free one when 0 was asked for.
    package var port: Int { listener.port }

    /// What went over its connections.
    package let traffic = Traffic()
    /// Connections there are now.
    package var connectionCount: Int { state.withLock { $0.connections.count } }

    private let listener: Listener
    private let limits: ConnectionLimits
    private let timeouts: Timeouts
    private let logger: Logger
    private let ending = Ending()
    private let state: Mutex<State>

    /// Binds to the address; connections wait in the backlog until ``start()``.
    /// - Parameters:
    ///   - port: 0 for a free one.
    ///   - limits: how many connections are served at a time.
    package convenience init(
        host: String, port: Int, limits: ConnectionLimits = ConnectionLimits(), timeouts: Timeouts = Timeouts(), logger: Logger
    ) throws {
        // sendfile(2) has no MSG_NOSIGNAL.
        signal(SIGPIPE, SIG_IGN)
        try ReadinessPoller.requireOpen()
        self.init(try Listener(host: host, port: port, logger: logger), limits: limits, timeouts: timeouts, logger: logger)
    }

    /// Binds to a Unix-domain socket that only this user can reach.
    package convenience init(socketPath: String, logger: Logger) throws {
        try ReadinessPoller.requireOpen()
        self.init(
            try Listener(socketPath: socketPath, logger: logger), limits: ConnectionLimits(total: 64), timeouts: Timeouts(), logger: logger)
    }

    private init(_ listener: Listener, limits: ConnectionLimits, timeouts: Timeouts, logger: Logger) {
        self.listener = listener
        self.limits = limits
        self.timeouts = timeouts
        self.logger = logger
        state = Mutex(State(limit: limits.total))
    }

    /// Begins to serve.
    ///
    /// - Parameters:
    ///   - most: connections that there is room for, where they may be fewer than the limits allow.
    ///   - handler: answers every request.
    package func start(most: Int = .max, handler: @escaping Router.Handler) {
        state.withLock { $0.limit = min($0.limit, max(1, most)) }
        listener.start {
            [weak self] in
            self?.hasRoom ?? false
        } outOfDescriptors: { [weak self] in
            self?.relief ?? .wait
        } accepted: { [weak self] descriptor, peer in
            guard let self else {
                close(descriptor)
                return
            }
            self.serve(descriptor, peer, handler)
        }
    }

    /// Stops listening, lets requests in progress finish for a while (``Timeouts/shutdown``), cuts off the rest, and returns.
    package func shutdown() async {
        listener.close()
        // Before the connections are looked at: one that is not among them finds out by itself.
        ending.begin()
        for served in state.withLock({ Array($0.connections.values) }) { served.connection.drain() }
        let queue = DispatchQueue(label: "http.shutdown")
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isDone = state.withLock { state in
                guard !state.connections.isEmpty else { return true }
                state.stopped = continuation
                return false
            }
            if isDone { return continuation.resume() }
            queue.asyncAfter(deadline: Timeouts.after(timeouts.shutdown)) {
                for served in self.state.withLock({ Array($0.connections.values) }) {
                    served.task.cancel()
                    served.connection.socket.abort()
                }
            }
            // A handler that neither ends nor touches its connection cannot be waited for.
            queue.asyncAfter(deadline: Timeouts.after(timeouts.shutdown + 1)) { self.takeStopped()?.resume() }
        }
    }

    private func takeStopped() -> CheckedContinuation<Void, Never>? {
        state.withLock { state in
            defer { state.stopped = nil }
            return state.stopped
        }
    }

    /// Nanoseconds that a connection has for its request before it makes room for those in the backlog. Else, where there are few places, a
    /// crowd would put each other out faster than any of them can speak.
    private static let grace: UInt64 = 100_000_000

    /// Whether another connection may be accepted. If not, room is made for it where that can be done: it is there when the connection
    /// that makes it is gone.
    private var hasRoom: Bool {
        state.withLock { state in
            if state.connections.count < state.limit { return true }
            Self.makeRoomSoon(&state)
            return false
        }
    }

    /// What can be done for a connection for which there is no descriptor.
    private var relief: Listener.Relief {
        state.withLock { state in
            if state.connections.isEmpty { return .spare }
            Self.makeRoomSoon(&state)
            return .wait
        }
    }

    private static func makeRoomSoon(_ state: inout State) {
        guard state.leaving.isEmpty else { return }
        _ = makeRoom(&state, nil, grace: grace)
    }

    /// Serves a connection in a task.
    private func serve(_ descriptor: Int32, _ peer: PeerAddress?, _ handler: @escaping Router.Handler) {
        let executor = QueueExecutor(label: "http.connection")
        let socket = Socket(descriptor: descriptor, queue: executor.queue, traffic: traffic)
        let connection = Connection(
            socket: socket, timeouts: timeouts, traffic: traffic, ending: ending, logger: logger, handler: handler)
        state.withLock { state in
            guard !ending.hasBegun else { return socket.close() }
            if let peer, let limit = limits.perAddress, state.countByPeer[peer, default: 0] >= limit, !Self.makeRoom(&state, peer) {
                return socket.refuse(Self.tooManyConnections())
            }
            let number = state.nextNumber
            state.nextNumber += 1
            let task = Task(executorPreference: executor) {
                await connection.serve()
                self.ended(number)
            }
            connection.isServed(by: task)
            state.connections[number] = Served(connection: connection, task: task, peer: peer)
            if let peer { state.countByPeer[peer, default: 0] += 1 }
        }
    }

    /// Ends the connection (of one peer) that has waited longest for a request. Returns whether there is one: clients hold connections
    /// open that they may never use again, and slow ones are an attack.
    private static func makeRoom(_ state: inout State, _ peer: PeerAddress?, grace: UInt64 = 0) -> Bool {
        let now = DispatchTime.now().uptimeNanoseconds
        var passedOver: Set<Int> = []
        // Whoever is passed over has got a request. Where all have, someone will soon be through with it.
        while passedOver.count < 16 {
            var oldest: (number: Int, since: UInt64, connection: Connection)?
            for (number, served) in state.connections where peer == nil || served.peer == peer {
                guard let since = served.connection.waitingSince, since < oldest?.since ?? .max, since + grace <= now,
                    !passedOver.contains(number)
                else { continue }
                oldest = (number, since, served.connection)
            }
            guard let oldest else { return false }
            if oldest.connection.giveUp() {
                state.leaving.insert(oldest.number)
                return true
            }
            passedOver.insert(oldest.number)
        }
        return false
    }

    private static func tooManyConnections() -> [UInt8] {
        let id = RequestID(connection: .random(in: .min ... .max), number: 1)
        return Array(
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nX-Request-Id: \(id)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                .utf8)
    }

    private func ended(_ number: Int) {
        let stopped = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if let peer = state.connections.removeValue(forKey: number)?.peer {
                state.countByPeer[peer] = state.countByPeer[peer].flatMap { $0 > 1 ? $0 - 1 : nil }
            }
            state.leaving.remove(number)
            listener.unpause()
            guard ending.hasBegun, state.connections.isEmpty else { return nil }
            defer { state.stopped = nil }
            return state.stopped
        }
        stopped?.resume()
    }
}
