import Foundation
import HTTPTypes
import Logging
import Server
import Testing

/// Runs `body` against a server on a free port of loopback, which is gone afterwards.
/// - Parameter before: connects clients that wait in the backlog: what they send is there when the server begins, and its clocks with it.
func serving(
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
    static var patient: Timeouts {
        var timeouts = Timeouts()
        (timeouts.head, timeouts.idle, timeouts.stall) = (600, 600, 600)
        return timeouts
    }
}

/// Answers with what it was asked: method, path and body.
@Sendable func echo(_ request: Request) async throws -> Response {
    let body = try await request.body.collect(limit: 1 << 24)
    return Response(status: .ok, body: .bytes(Array("\(request.method.rawValue) \(request.path) ".utf8) + body))
}

/// A thread for a test whose clients block it: Swift's own few threads must not be blocked.
final class ClientExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "test.client")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// A plain blocking client: what is sent is exactly the bytes given.
final class Client {
    private let descriptor: Int32

    convenience init(_ server: HTTPServer) throws { try self.init(port: server.port) }

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        try #require(result == 0)
        // So that a server that does not answer fails the test rather than hangs it. Not sooner than a busy machine may need: what is not
        // waited for any more looks like the end.
        var limit = timeval(tv_sec: 600, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
    }

    func send(_ text: String) {
        send(Array(text.utf8))
    }

    /// Sends what the server takes: it may have closed already.
    func send(_ bytes: [UInt8]) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress! + offset, bytes.count - offset, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            offset += count
        }
    }

    /// Whether there is something to receive.
    var hasAnswer: Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, 0) > 0
    }

    /// Neither sends nor receives any more.
    func leave() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// One read; empty at the end.
    func receive() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        if count < 0, errno == EAGAIN { Issue.record("the server says nothing and does not close") }
        return Array(bytes.prefix(max(0, count)))
    }

    /// Everything until the server closes.
    func receiveAll() -> String {
        var bytes: [UInt8] = []
        while case let more = receive(), !more.isEmpty { bytes += more }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Everything until `text` has come, or the end.
    func receive(until text: String) -> String {
        var bytes: [UInt8] = []
        while !String(decoding: bytes, as: UTF8.self).contains(text) {
            let more = receive()
            if more.isEmpty { break }
            bytes += more
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension String {
    /// The status of an answer; 0 when there is none.
    var status: Int {
        guard hasPrefix("HTTP/1.1 ") else { return 0 }
        return Int(dropFirst(9).prefix(3)) ?? 0
    }

    /// The statuses of all answers in it.
    var statuses: [Int] {
        components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap { Int($0.prefix(3)) }
    }

    /// The first head, with its empty line.
    var head: String { String(decoding: Array(utf8)[..<headEnd], as: UTF8.self) }

    /// What comes after the first head.
    var content: String { String(decoding: Array(utf8)[headEnd...], as: UTF8.self) }

    private var headEnd: Int {
        let bytes = Array(utf8)
        return bytes.indices.dropFirst(3).first { bytes[($0 - 3)...$0].elementsEqual("\r\n\r\n".utf8) }.map { $0 + 1 } ?? bytes.count
    }
}
