import Documents
import Foundation
import ServiceSupport
import TestSupport
import Testing

/// A server whose table of descriptors is full, or small from the start.
@Suite struct FullTableTests {
    private struct Server {
        let process: ServerProcess
        let port: Int
        let host: String

        init(_ folder: TemporaryFolder, before: [String] = []) throws {
            process = try ServerProcess(folder: folder.url.appendingPathComponent("data"), settings: "threads: 1", before: before)
            port = try #require(URL(string: process.url)?.port)
            host = "Host: localhost:\(port)\r\n"
        }

        /// One request on a connection of its own. On a busy machine a client may come too late with it, and its connection have made room
        /// for another: then it asks again, as clients do.
        func ask(_ method: String, _ path: String, _ body: Data = Data()) throws -> String {
            while true {
                let client = try client()
                client.send("\(method) \(path) HTTP/1.1\r\n\(host)Connection: close\r\nContent-Length: \(body.count)\r\n\r\n")
                client.send(Array(body))
                let answer = client.receiveAll()
                if !answer.isEmpty { return answer }
            }
        }

        /// A connection; without one the server's log says why.
        private func client() throws -> Client {
            do { return try Client(port: port) } catch {
                Issue.record("\(try String(contentsOf: process.log, encoding: .utf8).suffix(40000))")
                throw error
            }
        }

        /// A client that has a request under way, `{}` to `/v1/jobs`, and not sent its body.
        func holding() throws -> Client {
            let client = try Client(port: port)
            client.send("POST /v1/jobs HTTP/1.1\r\n\(host)Connection: close\r\nContent-Length: 2\r\n\r\n")
            return client
        }

        /// The descriptors that it has open.
        func descriptors() throws -> [Int] {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.processIdentifier)/fd").compactMap { Int($0) }
        }

        func allow(_ descriptors: Int) throws {
            try #require(ChildProcess.run(["prlimit", "--pid", "\(process.processIdentifier)", "--nofile=\(descriptors):"]) == 0)
        }

        /// Waits until its log has a line with these words.
        func log(has words: String) async throws {
            try await FileChanges(process.log).wait { try String(contentsOf: process.log, encoding: .utf8).contains(words) }
        }
    }

    /// Room for so many more than are open from the start: none but the spare one, one, a few.
    @Test(.timeLimit(.minutes(10)), arguments: [0, 1, 4])
    func whoeverDoesNotFitWaitsUntilThereIsRoom(room: Int) async throws {
        let temporary = try TemporaryFolder()
        let server = try Server(temporary)
        // These are the server's first connections: whatever it needs for itself it must have already.
        let before = try server.descriptors()
        let limit = (before.max() ?? 0) + 1 + room
        try server.allow(limit)

        try await withTaskExecutorPreference(ClientExecutor()) {
            // All of them hold their place until they have sent the rest.
            let clients = try (0..<40).map { _ in try server.holding() }
            try await server.log(has: "cannot accept connections for now")
            // The first is served, and each that goes makes room for another, until all have been.
            for client in clients {
                client.send("{}")
                #expect(client.receiveAll().status == 422)
                client.finishSending()
            }
            // Others say nothing: after a moment they make room for who speaks.
            let silent = try (0..<20).map { _ in try Client(port: server.port) }
            #expect(try server.ask("GET", "/v1/jobs").status == 200)
            withExtendedLifetime((clients, silent)) {}
            #expect(try server.descriptors().count { $0 < limit } <= limit)
            // With room for what an upload needs all is as before.
            try server.allow(limit + 64)
            #expect(try server.ask("POST", "/v1/datasets", Samples.pictures(1)).status == 201)
        }
        #expect(server.process.terminate() == 0)
    }

    /// What cannot be had is an error of the request that needs it, and of nothing else.
    @Test(.timeLimit(.minutes(10))) func anUploadForWhichThereIsNoDescriptorIsRefusedAndNothingElse() async throws {
        let temporary = try TemporaryFolder()
        let server = try Server(temporary)
        let before = try server.descriptors()
        try server.allow((before.max() ?? 0) + 5)
        try await withTaskExecutorPreference(ClientExecutor()) {
            let pictures = try Samples.pictures(1)
            let upload = try Client(port: server.port)
            upload.send("POST /v1/datasets HTTP/1.1\r\n\(server.host)Content-Length: \(pictures.count)\r\n\r\n")
            let clients = try (0..<40).map { _ in try server.holding() }
            try await server.log(has: "cannot accept connections for now")
            upload.send(Array(pictures))
            #expect(upload.receive(until: "\r\n\r\n").status >= 500)
            for client in clients {
                client.send("{}")
                #expect(client.receiveAll().status == 422)
            }
        }
        #expect(server.process.terminate() == 0)
    }

    /// How many open files a server says it needs, which does not start with these few.
    private static func needed(limit: Int) throws -> Int {
        let temporary = try TemporaryFolder()
        let failure = #expect(throws: ServerProcess.Failure.self) {
            _ = try Server(temporary, before: ["prlimit", "--nofile=\(limit)"])
        }
        let log = try #require(failure?.log)
        let words = "\(limit) open files are allowed, and the server needs at least "
        #expect(log.contains(words))
        let needed = try #require(Int((log.components(separatedBy: words).last ?? "").prefix(while: \.isNumber)), "\(log)")
        #expect(needed > limit)
        return needed
    }

    /// Each holds all the files of its archive open.
    @Test(.timeLimit(.minutes(10))) func downloadsThatAreNotReadLeaveDescriptorsForAllElse() async throws {
        let temporary = try TemporaryFolder()
        let server = try Server(temporary, before: ["prlimit", "--nofile=\(Self.needed(limit: 64) + 52)"])
        let files = (0..<8).map { ("safety_checker/\($0).bin", [UInt8](repeating: UInt8($0), count: 2 << 20)) }
        let archive = try Samples.archive(Samples.unet() + files)
        try await withTaskExecutorPreference(ClientExecutor()) {
            let checkpoint = try server.ask("POST", "/v1/checkpoints", archive)
            let id = try #require(try JSON(parsing: Array(checkpoint.content.utf8))["id"]?.text)
            let head = "GET /v1/checkpoints/\(id)/content HTTP/1.1\r\n\(server.host)Connection: close\r\n\r\n"
            var statuses: [Int] = []
            let clients = try (0..<20).map { _ in
                let client = try Client(port: server.port)
                client.send(head)
                let answer = client.receive(until: "\r\n\r\n")
                statuses.append(answer.status)
                if answer.status == 503 { #expect(answer.contains("Retry-After: ")) }
                return client
            }
            #expect(Set(statuses) == [200, 503])
            #expect(try server.ask("GET", "/v1/jobs").status == 200)
            #expect(try server.ask("POST", "/v1/datasets", Samples.pictures(2)).status == 201)
            #expect(try server.ask("POST", "/v1/checkpoints", Samples.archive(Samples.unet())).status == 201)
            withExtendedLifetime(clients) {}
            // Those that go give their files back.
            for client in clients { client.leave() }
            while try server.ask("HEAD", "/v1/checkpoints/\(id)/content").status != 200 { await Task.yield() }
        }
        #expect(server.process.terminate() == 0)
    }

    @Test(.timeLimit(.minutes(10))) func aServerThatMayOpenFewFilesSaysSoAndServesOrDoesNotStart() async throws {
        // It says how many it needs, and that is enough.
        var needed = 0
        for limit in [40, 64] { needed = try Self.needed(limit: limit) }
        for more in [0, 1, 4, 40] {
            let temporary = try TemporaryFolder()
            let server = try Server(temporary, before: ["prlimit", "--nofile=\(needed + more)"])
            try await server.log(has: "connections at a time, not 4096")
            try await withTaskExecutorPreference(ClientExecutor()) {
                let silent = try (0..<12).map { _ in try Client(port: server.port) }
                #expect(try server.ask("GET", "/v1/jobs").status == 200)
                let checkpoint = try server.ask("POST", "/v1/checkpoints", Samples.archive(Samples.unet()))
                #expect(checkpoint.status == 201)
                #expect(try server.ask("POST", "/v1/datasets", Samples.pictures(2)).status == 201)
                let id = try JSON(parsing: Array(checkpoint.content.utf8))["id"]?.text ?? ""
                let job = try server.ask("POST", "/v1/jobs", Data("{\"checkpoint\":\"\(id)\",\"pruning\":{\"method\":\"magnitude\"}}".utf8))
                #expect(job.status == 201)
                let path = "/v1/jobs/\(try JSON(parsing: Array(job.content.utf8))["id"]?.text ?? "")"
                var status = ""
                while !["succeeded", "failed"].contains(status) {
                    status = try JSON(parsing: Array(try server.ask("GET", path).content.utf8)).status
                }
                #expect(status == "succeeded")
                withExtendedLifetime(silent) {}
            }
            #expect(server.process.terminate() == 0)
        }
    }
}
