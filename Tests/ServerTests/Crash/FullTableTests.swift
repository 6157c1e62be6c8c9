import Engine
import Foundation
import Testing

/// A server whose table of descriptors is full.
@Suite struct FullTableTests {
    /// The descriptors that a process has open.
    private func descriptors(_ server: ServerProcess) throws -> [Int] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(server.processIdentifier)/fd").compactMap { Int($0) }
    }

    @Test(.timeLimit(.minutes(5))) func whoeverDoesNotFitWaitsUntilThereIsRoom() async throws {
        let temporary = try TemporaryFolder()
        let server = try ServerProcess(folder: temporary.url.appendingPathComponent("data"), settings: "threads: 1")
        let port = try #require(URL(string: server.url)?.port)
        // Room for a few more than are open now. These are the server's first connections: whatever else it needs for the first time
        // when the table is full, a timer's descriptor say, it must have already.
        // Foundation leaves a child a socket under the number it has in this process, which may be far above the child's own.
        let before = try descriptors(server).filter { $0 < 64 }
        let limit = (before.max() ?? 0) + 5
        func allow(_ descriptors: Int) throws {
            let change = try Process.run(
                URL(fileURLWithPath: "/usr/bin/prlimit"),
                arguments: ["--pid", "\(server.processIdentifier)", "--nofile=\(descriptors):"])
            change.waitUntilExit()
            try #require(change.terminationStatus == 0)
        }
        try allow(limit)

        try await withTaskExecutorPreference(ClientExecutor()) {
            let host = "Host: localhost:\(port)\r\n"
            func warnings() throws -> Int {
                try String(contentsOf: server.log, encoding: .utf8).components(separatedBy: "cannot accept connections for now").count - 1
            }
            do {
                let clients = try (0..<100).map { _ in try Client(port: port) }
                let start = ContinuousClock.now
                while try warnings() < 10 { await Task.yield() }
                // Between two tries lies a tenth of a second: it does not spin.
                #expect(start.duration(to: .now) > .milliseconds(800))
                #expect(try descriptors(server).filter { $0 < limit }.count == limit)
                // Those that fit are served, except with what needs a file; and that is no more than an error.
                clients[0].send("GET /healthz HTTP/1.1\r\n\(host)\r\n")
                #expect(clients[0].receive(until: "kernels").status == 200)
                let pictures = try Samples.pictures(1)
                clients[0].send("POST /v1/datasets HTTP/1.1\r\n\(host)Content-Length: \(pictures.count)\r\n\r\n")
                clients[0].send(Array(pictures))
                #expect(clients[0].receive(until: "\r\n\r\n").status == 500)
                // Others give up, and one that waited in the backlog since then takes a place.
                let last = clients[99]
                last.send("GET /healthz HTTP/1.1\r\n\(host)Connection: close\r\n\r\n")
                for client in clients.dropLast() { client.finishSending() }
                #expect(last.receiveAll().status == 200)
            }
            let client = try Client(port: port)
            client.send("GET /healthz HTTP/1.1\r\n\(host)Connection: close\r\n\r\n")
            #expect(client.receiveAll().status == 200)
        }
        // With room for what an upload needs all is as before.
        try allow(limit + 64)
        let client = APIClient(base: server.url)
        _ = try await client.upload("/v1/datasets", Samples.pictures(1))
        #expect(server.terminate() == 0)
    }
}
