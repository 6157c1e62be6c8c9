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
    private struct State {
        var connections: [Int: (connection: Connection, executor: QueueExecutor, task: Task<Void, Never>)] = [:]
        var nextNumber = 0
        var isStopping = false
        /// Resumed once, when the last connection is gone or was given up.
        var stopped: CheckedContinuation<Void, Never>?
    }

    /// The address it listens on.
    package var host: String { listener.host }
    /// The port it listens on: a free one when 0 was asked for.
    package var port: Int { listener.port }

    private let listener: Listener
    private let maxConnections: Int
    private let timeouts: Timeouts
    private let logger: Logger
    private let state = Mutex(State())

    /// Binds to the address; connections wait in the backlog until ``start()``.
    /// - Parameters:
    ///   - port: 0 for a free one.
    ///   - maxConnections: connections served at a time; more wait in the backlog.
    package init(
        host: String, port: Int, maxConnections: Int = 512, timeouts: Timeouts = Timeouts(), logger: Logger
    ) throws {
        // sendfile(2) has no MSG_NOSIGNAL.
        signal(SIGPIPE, SIG_IGN)
        listener = try Listener(host: host, port: port, logger: logger)
        self.maxConnections = max(1, maxConnections)
        self.timeouts = timeouts
        self.logger = logger
    }

    /// Begins to serve.
    ///
    /// - Parameter handler: answers every request.
    package func start(handler: @escaping Router.Handler) {
        listener.start { [weak self] descriptor in
            guard let self else {
                close(descriptor)
                return false
            }
            return self.serve(descriptor, handler)
        }
    }

    /// Stops listening, lets requests in progress finish for a while (``Timeouts/shutdown``), cuts off the rest, and returns.
    package func shutdown() async {
        listener.close()
        let connections = state.withLock { state in
            state.isStopping = true
            return Array(state.connections.values)
        }
        for (connection, _, _) in connections { connection.announceDrain() }
        for (connection, executor, _) in connections {
            Task(executorPreference: executor) { await connection.drain() }
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
                for (connection, _, task) in self.state.withLock({ Array($0.connections.values) }) {
                    task.cancel()
                    connection.socket.abort()
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

    /// Serves a connection in a task. Returns whether there is room for another.
    private func serve(_ descriptor: Int32, _ handler: @escaping Router.Handler) -> Bool {
        let executor = QueueExecutor(label: "http.connection")
        let socket = Socket(descriptor: descriptor, queue: executor.queue)
        let connection = Connection(socket: socket, timeouts: timeouts, logger: logger, handler: handler)
        return state.withLock { state in
            guard !state.isStopping else {
                socket.close()
                return false
            }
            let number = state.nextNumber
            state.nextNumber += 1
            let task = Task(executorPreference: executor) {
                await connection.serve()
                self.ended(number)
            }
            state.connections[number] = (connection, executor, task)
            guard state.connections.count >= maxConnections else { return true }
            listener.pause()
            return false
        }
    }

    private func ended(_ number: Int) {
        let stopped = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.connections[number] = nil
            if state.connections.count == maxConnections - 1 { listener.unpause() }
            guard state.isStopping, state.connections.isEmpty else { return nil }
            defer { state.stopped = nil }
            return state.stopped
        }
        stopped?.resume()
    }
}
