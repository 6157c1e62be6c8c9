import Documents
import Foundation
import HTTP
import Logging
import Server
import ServiceSupport
import TestSupport
import Testing

/// What the log says of requests.
@Suite struct RequestLogTests {
    @Test func theLogNamesTheRequestThatFailed() async throws {
        struct Trouble: Error {}
        let lines = LogLines()
        var logger = Logger(label: "test") { JSONLogHandler(label: $0, output: lines.output) }
        logger.logLevel = .debug
        let server = try HTTPServer(host: "127.0.0.1", port: 0, timeouts: .patient, logger: logger)
        server.start { _ in throw Trouble() }
        try await withTaskExecutorPreference(ClientExecutor()) {
            let client = try Client(server)
            client.send("GET /x?secret=1 HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine-1\r\nConnection: close\r\n\r\n")
            let answer = client.receiveAll()
            #expect(answer.status == 500)
            #expect(answer.contains("X-Request-Id: mine-1\r\n"))
            #expect(!answer.contains("Trouble"))
        }
        await server.shutdown()
        let found = lines.read().filter { $0.at("metadata", "request_id") == "mine-1" }
        let failure = try #require(found.first { $0["level"] == "error" })
        #expect(failure["message"] == "a request failed")
        #expect(failure.at("metadata", "path") == "/x")
        // The access log.
        let access = try #require(found.first { $0["message"] == "GET /x 500" })
        #expect(access["level"] == "debug")
        #expect(access.at("metadata", "status") == "500")
        #expect(!found.contains { $0.compact.contains("secret") })
    }
}
