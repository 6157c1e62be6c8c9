import Documents
import Foundation
import HTTP
import Logging
import Synchronization
import TestSupport

/// A server that webhooks are told to, on loopback.
final class Receiver: Sendable {
    /// What came.
    struct Call: Sendable {
        let method: String
        let path: String
        let fields: [String: String]
        let body: [UInt8]

        var json: JSON { (try? JSON(parsing: body)) ?? .null }
    }

    let server: HTTPServer
    private let calls: AsyncStream<Call>
    private let count = Atomic(0)

    /// - Parameter answer: to the first, second, … call, counted from 0.
    private init(host: String, _ answer: @escaping @Sendable (Int) async throws -> Response) throws {
        var logger = Logger(label: "receiver")
        logger.logLevel = .critical
        server = try HTTPServer(host: host, port: 0, timeouts: .patient, logger: logger)
        let (calls, continuation) = AsyncStream.makeStream(of: Call.self)
        self.calls = calls
        server.start { [weak self] request in
            let body = try await request.body.collect(limit: 1 << 20)
            let fields = Dictionary(request.fields.map { ($0.name.canonicalName, $0.value) }) { first, _ in first }
            let number = self?.count.add(1, ordering: .relaxed).oldValue ?? 0
            continuation.yield(Call(method: request.method.rawValue, path: request.path, fields: fields, body: body))
            return try await answer(number)
        }
    }

    /// Runs `body` with a receiver that is gone afterwards.
    static func with(
        host: String = "127.0.0.1", _ answer: @escaping @Sendable (Int) async throws -> Response, _ body: (Receiver) async throws -> Void
    ) async throws {
        let receiver = try Receiver(host: host, answer)
        do { try await body(receiver) } catch {
            await receiver.server.shutdown()
            throw error
        }
        await receiver.server.shutdown()
    }

    func url(_ path: String = "/hook", host: String = "127.0.0.1") -> String { "http://\(host):\(server.port)\(path)" }

    /// How many calls have come.
    var callCount: Int { count.load(ordering: .relaxed) }

    /// The next that has not been taken yet.
    func next() async -> Call? {
        var iterator = calls.makeAsyncIterator()
        return await iterator.next()
    }
}
