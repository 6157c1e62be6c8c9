import Foundation
import HTTP
import HTTPTypes
import Logging

/// Runs `body` against a server on a free port of loopback, which is gone afterwards.
/// - Parameter before: connects clients that wait in the backlog: what they send is there when the server begins, and its clocks with it.
package func serving(
    _ handler: @escaping @Sendable (Request) async throws -> Response, timeouts: Timeouts = .patient,
    limits: ConnectionLimits = ConnectionLimits(), before: (HTTPServer) throws -> Void = { _ in },
    _ body: (HTTPServer) async throws -> Void
) async throws {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let server = try HTTPServer(
        host: "127.0.0.1", port: 0, limits: limits, timeouts: timeouts, logger: logger)
    try before(server)
    server.start(handler: handler)
    do {
        try await withTaskExecutorPreference(ClientExecutor()) { try await body(server) }
    } catch {
        await server.shutdown()
        throw error
    }
    await server.shutdown()
}

extension Timeouts {
    /// However slow the machine: nothing is cut off but what a test itself makes impatient.
    package static var patient: Timeouts {
        var timeouts = Timeouts()
        (timeouts.head, timeouts.idle, timeouts.stall) = (600, 600, 600)
        return timeouts
    }
}

/// Answers with what it was asked: method, path and body.
@Sendable package func echo(_ request: Request) async throws -> Response {
    let body = try await request.body.collect(limit: 1 << 24)
    return Response(status: .ok, body: .bytes(Array("\(request.method.rawValue) \(request.path) ".utf8) + body))
}
