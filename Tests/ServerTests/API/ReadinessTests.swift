import Documents
import Foundation
import Logging
import Server
import ServiceSupport
import Storage
import Synchronization
import TestSupport
import Testing

/// Keeps what is logged.
private struct Recorder: LogHandler {
    final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }
        func append(_ line: String) { lines.withLock { $0.append(line) } }
    }

    let lines: Lines
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.append("\(event.message)") }
}

/// What serving needs is looked at, and told by its name.
@Suite struct ReadinessTests {
    /// A store whose database has pages that lie in its main file, and what looks at it, as often as it is asked.
    private final class Watched {
        let temporary: TemporaryFolder
        let folder: URL
        let database: Database
        let readiness: Readiness
        let free: Free
        let lines = Recorder.Lines()

        final class Free: Sendable {
            let bytes = Atomic<Int64>(1 << 40)
        }

        var file: URL { folder.appendingPathComponent("pruner.sqlite") }

        init() throws {
            temporary = try TemporaryFolder()
            folder = temporary.url.appendingPathComponent("data")
            // Its end writes the log back.
            try Self.fill(folder)
            database = try Database(folder: folder)
            let free = Free()
            self.free = free
            var pace = Readiness.Pace()
            (pace.look, pace.patience, pace.examination, pace.examinationPatience) = (0, 600, 0, 600)
            pace.examinationRest = 0
            let lines = lines
            readiness = Readiness(
                database, reserve: 1 << 20, pace: pace, freeBytes: { free.bytes.load(ordering: .relaxed) },
                logger: Logger(label: "test") { _ in Recorder(lines: lines) })
        }

        private static func fill(_ folder: URL) throws {
            let database = try Database(folder: folder)
            for number in 0..<300 {
                _ = try database.tokens.create(name: "\(number) " + String(repeating: "x", count: 200), scope: .read)
            }
        }

        /// What anyone is told of the parts that are not well.
        func details() async -> [ReadyPart: String] { await readiness.troubles().mapValues(\.detail) }

        /// Changes a file as someone else would, SQLite not knowing.
        func overwrite(at offset: Int, _ bytes: Data) throws -> Data {
            let handle = try FileHandle(forUpdating: file)
            defer { try? handle.close() }
            try handle.seek(toOffset: UInt64(offset))
            let before = try #require(try handle.read(upToCount: bytes.count))
            try handle.seek(toOffset: UInt64(offset))
            try handle.write(contentsOf: bytes)
            return before
        }
    }

    @Test func aSoundStoreIsReady() async throws {
        let watched = try Watched()
        #expect(await watched.details() == [:])
        #expect(watched.lines.all.isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: watched.folder.appendingPathComponent("tmp").path).isEmpty)
    }

    @Test func aFolderThatIsMovedAwayIsNoticedAndFoundAgain() async throws {
        let watched = try Watched()
        let away = watched.temporary.url.appendingPathComponent("away")
        try FileManager.default.moveItem(at: watched.folder, to: away)
        #expect(await watched.details() == [.folder: "is not where it was", .database: "its file is gone"])
        try FileManager.default.createDirectory(at: watched.folder, withIntermediateDirectories: true)
        #expect(await watched.details()[.folder] == "is another one than was opened")
        try FileManager.default.removeItem(at: watched.folder)
        try FileManager.default.moveItem(at: away, to: watched.folder)
        #expect(await watched.details() == [:])
        // Once when something changes, with the path that strangers are not told.
        _ = await watched.details()
        let lines = watched.lines.all
        #expect(lines.count { $0.contains("not ready: folder") } == 2)
        #expect(lines.count { $0.contains("not ready: database") } == 1)
        #expect(lines.count { $0.contains("ready again") } == 2)
        #expect(lines.contains { $0.contains(watched.folder.path) })
    }

    /// However many pages SQLite still holds: it is the disk that is read.
    @Test func pagesThatAreDestroyedAreNoticed() async throws {
        let watched = try Watched()
        let size = try #require(try FileManager.default.attributesOfItem(atPath: watched.file.path)[.size] as? Int)
        try #require(size > 64 << 10)
        #expect(await watched.details() == [:])
        let before = try watched.overwrite(at: 8192, Data(repeating: 0xA5, count: size - 8192))
        #expect(await watched.details() == [.database: "pages of it are damaged"])
        _ = try watched.overwrite(at: 8192, before)
        #expect(await watched.details() == [:])
    }

    @Test func aDatabaseWithoutItsHeaderIsNoticed() async throws {
        let watched = try Watched()
        let before = try watched.overwrite(at: 0, Data(count: 16))
        #expect(await watched.details() == [.database: "its file does not begin as a database does"])
        _ = try watched.overwrite(at: 0, before)
        #expect(await watched.details() == [:])
    }

    @Test(arguments: [("pruner.sqlite", "file"), ("pruner.sqlite-wal", "log")])
    func aFileThatIsReplacedIsNoticed(name: String, what: String) async throws {
        let watched = try Watched()
        let file = watched.folder.appendingPathComponent(name)
        let away = watched.temporary.url.appendingPathComponent("away")
        try FileManager.default.moveItem(at: file, to: away)
        #expect(await watched.details() == [.database: "its \(what) is gone"])
        try FileManager.default.copyItem(at: away, to: file)
        #expect(await watched.details() == [.database: "its \(what) is another one than was opened"])
        try FileManager.default.removeItem(at: file)
        try FileManager.default.moveItem(at: away, to: file)
        #expect(await watched.details() == [:])
    }

    @Test func aDiskThatIsFullIsNoticed() async throws {
        let watched = try Watched()
        watched.free.bytes.store((1 << 20) - 1, ordering: .relaxed)
        #expect(await watched.details() == [.disk: "is full"])
        watched.free.bytes.store(1 << 20, ordering: .relaxed)
        #expect(await watched.details() == [:])
    }

    @Test func theRouteTellsWhichPartItIs() async throws {
        try await World.with { world in
            let ready = try await world.get("/readyz")
            #expect(ready.status == 200)
            #expect(ready.json == ["status": "ready", "parts": ["folder": "ok", "disk": "ok", "database": "ok", "queue": "ok"]])
            let away = world.folder.appendingPathExtension("away")
            try FileManager.default.moveItem(at: world.folder, to: away)
            var answer = ready
            while answer.status == 200 { answer = try await world.get("/readyz") }
            try FileManager.default.moveItem(at: away, to: world.folder)
            #expect(answer.status == 503)
            #expect(answer.headers["retry-after"] != nil)
            #expect(answer.json["status"] == "not_ready")
            #expect(answer.json.at("parts", "folder") == "is not where it was")
            #expect(answer.json.at("parts", "disk") == "ok")
            #expect(!answer.json.compact.contains(world.folder.lastPathComponent))
            while answer.status != 200 { answer = try await world.get("/readyz") }
            #expect(answer.json == ready.json)
        }
    }
}
