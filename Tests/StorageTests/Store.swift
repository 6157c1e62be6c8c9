import Foundation
import Storage
import Testing

/// A store in a folder of its own, gone with this value.
final class Store {
    let folder: URL
    private(set) var database: Database

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)", isDirectory: true)
        database = try Database(folder: folder)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// What a new process does after the old one died: `leaving` runs while no one holds the folder.
    static func restarting(
        _ before: (Database, URL) throws -> Void, leaving: (URL) throws -> Void = { _ in }, after: (Database, URL) throws -> Void
    )
        throws
    {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)", isDirectory: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try before(Database(folder: folder), folder)
        try leaving(folder)
        try after(Database(folder: folder), folder)
    }

    /// The names of all files under `blobs/` but manifests.
    var blobFiles: [String] { Self.blobFiles(in: folder) }

    static func blobFiles(in folder: URL) -> [String] {
        let all = FileManager.default.enumerator(atPath: folder.appendingPathComponent("blobs").path)?.allObjects as? [String] ?? []
        return all.filter { $0.contains("/") && !isManifest(folder.appendingPathComponent("blobs/\($0)")) }.map {
            String($0.split(separator: "/").last!)
        }.sorted()
    }

    static func isManifest(_ url: URL) -> Bool {
        (try? Data(contentsOf: url))?.starts(with: Data("{\"pruner\":\"manifest\"".utf8)) ?? false
    }

    /// The names of all files under `aside/` but manifests, at whatever depth.
    static func asideFiles(in folder: URL) -> [String] {
        let found = FileManager.default.enumerator(
            at: folder.appendingPathComponent("aside"), includingPropertiesForKeys: [.isDirectoryKey])
        return (found?.allObjects as? [URL] ?? []).filter {
            (try? $0.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory != true && !isManifest($0)
        }
        .map(\.lastPathComponent).sorted()
    }

    /// The names of all files under `tmp/`.
    var temporaryFiles: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("tmp").path)) ?? []
    }
}

/// A folder of its own, gone with this value, in which there is nothing yet.
final class Folder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)", isDirectory: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }
}

extension Database {
    func blob(_ text: String) throws -> StoredBlob {
        let writer = try blobs.writer()
        try writer.write(Array(text.utf8))
        return try writer.finish()
    }

    func checkpoint(_ content: String = "weights") throws -> String {
        try checkpoints.insert(name: "model", descriptor: "{}", files: [("unet/weights", blob(content))]).id
    }

    func job(checkpoint: String? = nil, priority: Int = 0, dataset: String? = nil) throws -> Job {
        try jobs.enqueue(.init(priority: priority, request: "{}", checkpoint: checkpoint ?? self.checkpoint(), dataset: dataset))
    }

    /// A result that a running job made.
    func result(_ name: String, _ stage: JobQueue.ResultStage, of job: String) throws -> String {
        try jobs.addResult(job, stage, name: name, descriptor: "{}", files: [("unet/weights", blob(name))]).id
    }

    /// A job in any state, reached by the verbs that lead there.
    func job(in status: JobStatus) throws -> String {
        let id = try job().id
        switch status {
        case .queued: break
        case .paused: try jobs.pause(id)
        case .cancelled: try jobs.cancel(id)
        case .running, .succeeded, .failed:
            let claimed = try jobs.claim(worker: "w")
            #expect(claimed?.id == id)
            if status == .succeeded { try jobs.complete(id) }
            if status == .failed { try jobs.fail(id, JobFailure(code: "broken", detail: "It broke.")) }
        }
        return id
    }
}

/// Whether `body` throws this error.
func expect(_ expected: StorageError, _ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(throws: expected, sourceLocation: sourceLocation) { try body() }
}
