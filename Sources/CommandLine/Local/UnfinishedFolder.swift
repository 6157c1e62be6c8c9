import Documents
import Foundation
import Storage

/// The folder in which a result is made, beside the place where it is to appear, and held by a lock.
///
///     OUT.unfinished/request.json   what is asked for: a command goes on with its own work alone
///     OUT.unfinished/store/         what the work needs: a data folder, as a server keeps one; a download's files
///     OUT.unfinished/assembling/    the result while it is written
///     OUT.unfinished/result/        the result, whole, on its way to OUT
final class UnfinishedFolder {
    /// Where the result is to appear.
    let out: String
    /// The folder itself.
    let path: String
    private let lock: Int32

    var store: URL { url("store") }
    var assembling: URL { url("assembling") }
    private var result: URL { url("result") }
    private var requestFile: URL { url("request.json") }

    /// Takes the folder, making it where it is missing.
    ///
    /// - Throws: ``CommandFailure`` when there is something at `out` already, or another process is at work here.
    init(for out: String) throws {
        let place = URL(fileURLWithPath: out).standardizedFileURL.path
        self.out = place
        path = place + ".unfinished"
        lock = try Self.locked(path)
        // An empty folder may be taken: rename(2) replaces it.
        if let names = try? FileManager.default.contentsOfDirectory(atPath: place) {
            guard names.isEmpty else {
                tidyUp()
                throw CommandFailure(.usage, "--out: \(out) is there already; name another place, or move it away")
            }
        } else if FileManager.default.fileExists(atPath: place) {
            tidyUp()
            throw CommandFailure(.usage, "--out: \(out) is there already, a file; name another place, or move it away")
        }
    }

    deinit {
        // Also for a process that is being started from this one and has not closed its copy yet.
        flock(lock, LOCK_UN)
        close(lock)
    }

    private static func locked(_ path: String) throws -> Int32 {
        while true {
            do {
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch { throw CommandFailure(.usage, "--out: cannot make the folder \(path): \(String(cString: strerror(errno)))") }
            let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { throw StorageError.file(doing: "open", path: path, errno: errno) }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                close(descriptor)
                throw CommandFailure(.usage, "--out: another process is at work on it, in \(path)")
            }
            var (held, found) = (stat(), stat())
            if fstat(descriptor, &held) == 0, stat(path, &found) == 0, held.st_ino == found.st_ino { return descriptor }
            // Whoever had it before has taken it away meanwhile.
            close(descriptor)
        }
    }

    /// What an earlier command began here; nil where none did.
    func begun() throws -> JSON? {
        guard let data = try? Data(contentsOf: requestFile) else { return nil }
        return try JSON(parsing: Array(data))
    }

    /// Takes note of what is begun.
    func begin(_ request: JSON) throws {
        try Data(request.pretty.utf8).write(to: requestFile, options: .atomic)
    }

    /// Throws everything away that was done here.
    func clear() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: path) { try FileManager.default.removeItem(at: url(name)) }
    }

    /// Takes the folder away with all that is in it.
    func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// Whether a whole result only waits to be moved to its place.
    var hasResult: Bool { FileManager.default.fileExists(atPath: result.path) }

    /// What is in ``assembling`` is whole, and on the disk.
    func assembled() throws {
        guard rename(assembling.path, result.path) == 0 else {
            throw StorageError.file(doing: "rename", path: assembling.path, errno: errno)
        }
        try DataFolder.synchronize(directory: path)
    }

    /// Moves the whole result to its place, and takes this folder away. Cut off anywhere, it can be called again.
    func finish() throws {
        // No one holds it any more, and what is in it is in the result.
        try? FileManager.default.removeItem(at: store)
        guard rename(result.path, out) == 0 else { throw StorageError.file(doing: "move the result to", path: out, errno: errno) }
        try DataFolder.synchronize(directory: URL(fileURLWithPath: out).deletingLastPathComponent().path)
        remove()
    }

    /// Takes the folder away where there is no work in it: it was made in vain, or is what a command left that died on its last step.
    private func tidyUp() {
        if !hasResult, !FileManager.default.fileExists(atPath: store.path) { remove() }
    }

    private func url(_ name: String) -> URL { URL(fileURLWithPath: path).appendingPathComponent(name) }
}
