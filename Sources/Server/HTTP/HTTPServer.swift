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
        let executor: QueueExecutor
        let task: Task<Void, Never>
        let peer: PeerAddress?
    }

    private struct State {
        var connections: [Int: Served] = [:]
        var countByPeer: [PeerAddress: Int] = [:]
        var nextNumber = 0
        var isStopping = false
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
    private let state = Mutex(State())

    /// Binds to the address; connections wait in the backlog until ``start()``.
    /// - Parameters:
    ///   - port: 0 for a free one.
    ///   - limits: how many connections are served at a time.
    package convenience init(
        host: String, port: Int, limits: ConnectionLimits = ConnectionLimits(), timeouts: Timeouts = Timeouts(), logger: Logger
    ) throws {
        // sendfile(2) has no MSG_NOSIGNAL.
        signal(SIGPIPE, SIG_IGN)
        self.init(try Listener(host: host, port: port, logger: logger), limits: limits, timeouts: timeouts, logger: logger)
    }

    /// Binds to a Unix-domain socket that only this user can reach.
    package convenience init(socketPath: String, logger: Logger) throws {
        self.init(
            try Listener(socketPath: socketPath, logger: logger), limits: ConnectionLimits(total: 64), timeouts: Timeouts(), logger: logger)
    }

    private init(_ listener: Listener, limits: ConnectionLimits, timeouts: Timeouts, logger: Logger) {
        self.listener = listener
        self.limits = limits
        self.timeouts = timeouts
        self.logger = logger
    }

    /// Begins to serve.
    ///
    /// - Parameter handler: answers every request.
    package func start(handler: @escaping Router.Handler) {
        listener.start {
            [weak self] in
            self?.hasRoom ?? false
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
        let connections = state.withLock { state in
            state.isStopping = true
            return Array(state.connections.values)
        }
        for served in connections { served.connection.announceDrain() }
        for served in connections {
            Task(executorPreference: served.executor) { await served.connection.drain() }
        }
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

    /// Whether another connection may be accepted; makes room for it where that can be done.
    private var hasRoom: Bool {
        state.withLock { $0.connections.count < limits.total || Self.makeRoom(&$0, nil) }
    }

    /// Serves a connection in a task.
    private func serve(_ descriptor: Int32, _ peer: PeerAddress?, _ handler: @escaping Router.Handler) {
        let executor = QueueExecutor(label: "http.connection")
        let socket = Socket(descriptor: descriptor, queue: executor.queue, traffic: traffic)
        let connection = Connection(socket: socket, timeouts: timeouts, traffic: traffic, logger: logger, handler: handler)
        state.withLock { state in
            guard !state.isStopping else { return socket.close() }
            if let peer, let limit = limits.perAddress, state.countByPeer[peer, default: 0] >= limit, !Self.makeRoom(&state, peer) {
                return socket.refuse(Self.tooManyConnections())
            }
            let number = state.nextNumber
            state.nextNumber += 1
            let task = Task(executorPreference: executor) {
                await connection.serve()
                self.ended(number)
            }
            state.connections[number] = Served(connection: connection, executor: executor, task: task, peer: peer)
            if let peer { state.countByPeer[peer, default: 0] += 1 }
        }
    }

    /// Ends the connection (of one peer) that has waited longest for a request. Returns whether there is one: clients hold connections
    /// open that they may never use again, and slow ones are an attack.
    private static func makeRoom(_ state: inout State, _ peer: PeerAddress?) -> Bool {
        let waiting = state.connections.values.filter { peer == nil || $0.peer == peer }
            .compactMap { served in served.connection.waitingSince.map { (since: $0, connection: served.connection) } }
        for candidate in waiting.sorted(by: { $0.since < $1.since }) where candidate.connection.giveUp() { return true }
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
            listener.unpause()
            guard state.isStopping, state.connections.isEmpty else { return nil }
            defer { state.stopped = nil }
            return state.stopped
        }
        stopped?.resume()
    }
}
