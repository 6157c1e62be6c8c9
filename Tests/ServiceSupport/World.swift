import Documents
import Foundation
import Jobs
import Logging
import Server
import Storage
import TestSupport
import Testing

/// A whole service with a data folder of its own, and a client for it; gone without a trace when the test ends.
package final class World {
    package struct Answer {
        package let status: Int
        package let headers: [String: String]
        package let data: Data

        package init(status: Int, headers: [String: String], data: Data) {
            self.status = status
            self.headers = headers
            self.data = data
        }

        /// The body as JSON; `null` when it is none.
        package var json: JSON { (try? JSON(parsing: Array(data))) ?? .null }
        /// A problem's code.
        package var code: String { json["code"]?.text ?? "" }
        /// A problem's detail.
        package var detail: String { json["detail"]?.text ?? "" }
        /// The pointers of a problem's errors.
        package var pointers: [String] {
            guard case .array(let errors) = json["errors"] else { return [] }
            return errors.compactMap { $0["pointer"]?.text }
        }
    }

    /// Nil only between two services on the same folder.
    private var running: Service?
    package let folder: URL
    private var settings: Configuration

    private init(folder: URL, _ change: (inout Configuration) -> Void) throws {
        self.folder = folder
        var settings = Configuration()
        settings.port = 0
        settings.threads = 2
        settings.dataDir = folder.path
        settings.maxUploadBytes = 8 << 20
        settings.timeouts = .patient
        change(&settings)
        self.settings = settings
        running = try Self.service(settings)
    }

    private static func service(_ settings: Configuration) throws -> Service {
        try Service(settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Ends the service and starts another on the same data folder.
    package func restart() async throws {
        await stop()
        running = try await alone { try Self.service(settings) }
    }

    /// Does what needs the folder to itself: the last of the old service's tasks may still be on its way out.
    private func alone<Result>(_ body: () throws -> Result) async throws -> Result {
        while true {
            do { return try body() } catch StorageError.folderLocked { await Task.yield() }
        }
    }

    /// Restarts the service, `body` having the folder to itself in between, and the settings changed.
    package func restart(settings change: (inout Configuration) -> Void, between body: (URL) throws -> Void) async throws {
        await stop()
        try await alone { try body(folder) }
        change(&settings)
        running = try await alone { try Self.service(settings) }
    }

    private func stop() async {
        await running?.stop()
        running = nil
    }

    /// Runs `body` against a fresh service, its settings changed by `settings`, when it is its turn.
    /// - Parameter isBlocking: whether the body blocks its thread, as ``socket()`` makes it.
    package static func with(
        isBlocking: Bool = false, settings: (inout Configuration) -> Void = { _ in }, _ body: (World) async throws -> Void
    ) async throws {
        try await Turns.services.wait { try await fresh(isBlocking, settings, body) }
    }

    private static func fresh(
        _ isBlocking: Bool, _ settings: (inout Configuration) -> Void, _ body: (World) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pruner-test-\(UUID().uuidString)")
        defer {
            // SQLite may still be taking its own files away, and a file that vanishes stops a removal half-way.
            for _ in 0..<1000 where FileManager.default.fileExists(atPath: folder.path) {
                try? FileManager.default.removeItem(at: folder)
            }
        }
        let world = try World(folder: folder, settings)
        do {
            try await withTaskExecutorPreference(isBlocking ? ClientExecutor() : nil) { try await body(world) }
        } catch {
            await world.stop()
            throw error
        }
        await world.stop()
    }

    /// Sends a request.
    package func send(
        _ method: String, _ path: String, body: Data? = nil, type: String = "application/octet-stream", headers: [String: String] = [:]
    ) async throws -> Answer {
        try await client.send(method, path, body: body, type: type, headers: headers)
    }

    package func get(_ path: String) async throws -> Answer { try await client.get(path) }
    package func post(_ path: String, _ json: JSON) async throws -> Answer { try await client.post(path, json) }
    /// Uploads and returns the identifier.
    package func upload(_ path: String, _ body: Data) async throws -> String { try await client.upload(path, body) }
    /// Polls a job until it has ended.
    package func finished(_ job: String) async throws -> JSON { try await client.finished(job) }

    /// A client of the API, to be used by itself.
    package var client: APIClient {
        get throws {
            let running = try #require(running)
            return APIClient(base: running.url, description: Description(document: running.description))
        }
    }
    /// What the service gives its requests.
    package var memory: RequestMemory { get throws { try #require(running).memory } }
    /// The port it listens on.
    package var port: Int { get throws { try #require(URL(string: client.base)?.port) } }
    /// A client that sends what it is given, byte by byte.
    package func socket() throws -> Client { try Client(port: port) }

    /// What the data folder holds, without SQLite's own files.
    package func filesLeft() throws -> [String] {
        let manifest = Data("{\"pruner\":\"manifest\"".utf8)
        return try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { path in
            let file = folder.appendingPathComponent(path).path
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: file, isDirectory: &isDirectory) && !isDirectory.boolValue
                && !path.hasPrefix("pruner.sqlite") && path != "lock" && path != "control.sock" && path != "identity" && path != "commits"
                && (try? Data(contentsOf: URL(fileURLWithPath: file)))?.starts(with: manifest) != true
        }.sorted()
    }
}

extension JSON {
    /// A string's text.
    package var text: String? { if case .string(let text) = self { text } else { nil } }
    /// An array's elements.
    package var elements: [JSON] { if case .array(let elements) = self { elements } else { [] } }
    /// The value at a path of member names.
    package func at(_ names: String...) -> JSON { names.reduce(self) { $0[$1] ?? .null } }
}
