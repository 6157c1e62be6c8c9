import Foundation

/// The folder that one server keeps everything in, held by a lock for as long as this value lives.
///
///     DIR/commits         how often the database was written to
///     DIR/lock            held with flock(2): one process per folder
///     DIR/identity        which folder this is; the database says the same
///     DIR/pruner.sqlite   rows
///     DIR/blobs/ab/abcd…  contents, named by their SHA-256
///     DIR/aside/DAY/      what lay under blobs/ and no row named
///     DIR/uploads/upl_…   uploads that come in pieces
///     DIR/tmp/            what is being written; emptied at start-up
package final class DataFolder: Sendable {
    let url: URL
    let lock: Int32
    /// The folder itself, wherever it is moved to.
    let identity: FileIdentity?

    var database: URL { url.appendingPathComponent("pruner.sqlite", isDirectory: false) }
    var blobs: URL { url.appendingPathComponent("blobs", isDirectory: true) }
    var temporary: URL { url.appendingPathComponent("tmp", isDirectory: true) }
    var uploads: URL { url.appendingPathComponent("uploads", isDirectory: true) }

    /// Makes the folder where it is missing, takes its lock and empties its `tmp/`.
    init(_ url: URL) throws(StorageError) {
        try Self.makeDirectory(url.path)
        let path = url.appendingPathComponent("lock", isDirectory: false).path
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(doing: "open", path: path, errno: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let found = errno
            close(descriptor)
            if found == EWOULDBLOCK { throw .folderLocked(path: url.path) }
            throw .file(doing: "lock", path: path, errno: found)
        }
        self.url = url
        lock = descriptor
        identity = FileIdentity(path: url.path)
        try Self.makeDirectory(blobs.path)
        try Self.makeDirectory(temporary.path)
        try Self.makeDirectory(uploads.path)
        try Self.synchronize(directory: url.path)
        try Self.synchronize(directory: url.standardizedFileURL.deletingLastPathComponent().path)
        for name in try Self.names(in: temporary.path) {
            // A crash leaves what it was writing; nothing refers to it.
            try? FileManager.default.removeItem(at: temporary.appendingPathComponent(name))
        }
    }

    deinit {
        // Also for a process that is being started from this one and has not closed its copy yet.
        flock(lock, LOCK_UN)
        close(lock)
    }

    static func names(in directory: String) throws(StorageError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw .file(doing: "list", path: directory, errno: errno)
        }
    }

    /// Makes a directory with its parents, if it is not there yet.
    static func makeDirectory(_ path: String) throws(StorageError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .file(doing: "make the folder", path: path, errno: errno)
        }
    }

    /// Makes the directory's entries survive a power cut.
    package static func synchronize(directory path: String) throws(StorageError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(doing: "open", path: path, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .file(doing: "fsync", path: path, errno: errno) }
    }
}
