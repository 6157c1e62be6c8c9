import Foundation
import Synchronization

/// What a data folder knows of itself without its database, in `DIR/identity`: so that a database that was lost, or that belongs to
/// another folder, is told from a new one.
///
///     pruner data folder
///     store_01hx…      the same as in the database
///     filled           only while there are checkpoints or datasets
///     running          only while a process has the database open
final class FolderIdentity: Sendable {
    private struct State {
        var isFilled: Bool
        var isRunning: Bool
    }

    /// `store_…`
    let id: String
    private let folder: URL
    private let state: Mutex<State>

    private static let title = "pruner data folder"

    init(id: String, in folder: URL) {
        self.id = id
        self.folder = folder
        state = Mutex(State(isFilled: false, isRunning: false))
    }

    /// What the folder's file says; nil where there is none, or one that is not to be understood.
    init?(in folder: URL) {
        guard let text = try? String(contentsOf: Self.url(in: folder), encoding: .utf8) else { return nil }
        let lines = text.split(separator: "\n").map(String.init)
        guard lines.count >= 2, lines[0] == Self.title, lines[1].hasPrefix(Identifier.Prefix.store.rawValue) else { return nil }
        id = lines[1]
        self.folder = folder
        state = Mutex(State(isFilled: lines.contains("filled"), isRunning: lines.contains("running")))
    }

    static func url(in folder: URL) -> URL { folder.appendingPathComponent("identity", isDirectory: false) }

    /// Whether there were checkpoints or datasets when the database was last written to.
    var isFilled: Bool { state.withLock { $0.isFilled } }

    /// Whether the last process has not closed the database.
    var isRunning: Bool { state.withLock { $0.isRunning } }

    /// Writes down what has changed, on the disk for good.
    func set(isFilled: Bool? = nil, isRunning: Bool? = nil) throws(StorageError) {
        try change { state in
            state.isFilled = isFilled ?? state.isFilled
            state.isRunning = isRunning ?? state.isRunning
        }
    }

    private func change(_ body: (inout State) -> Void) throws(StorageError) {
        let failure = state.withLock { state -> StorageError? in
            var changed = state
            body(&changed)
            guard changed.isFilled != state.isFilled || changed.isRunning != state.isRunning || !isWritten else { return nil }
            do throws(StorageError) {
                try write(changed)
                state = changed
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    private var isWritten: Bool { access(Self.url(in: folder).path, F_OK) == 0 }

    private func write(_ state: State) throws(StorageError) {
        let lines = [Self.title, id] + (state.isFilled ? ["filled"] : []) + (state.isRunning ? ["running"] : [])
        let bytes = Array(lines.map { $0 + "\n" }.joined().utf8)
        let path = Self.url(in: folder).path
        let new = path + ".new"
        let descriptor = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(doing: "make", path: new, errno: errno) }
        defer { close(descriptor) }
        guard Foundation.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw .file(doing: "write", path: new, errno: errno)
        }
        guard fsync(descriptor) == 0 else { throw .file(doing: "fsync", path: new, errno: errno) }
        guard rename(new, path) == 0 else { throw .file(doing: "rename to", path: path, errno: errno) }
        try DataFolder.synchronize(directory: folder.path)
    }
}
