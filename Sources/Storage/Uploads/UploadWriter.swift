import Foundation
import GRDB
import Synchronization

/// Appends to one upload. What was not committed goes with this value. Not for several tasks at once.
public final class UploadWriter {
    /// Bytes committed; nil for a new upload before its first commit.
    private final class Progress: Sendable {
        let committed: Mutex<Int64?>

        init(_ committed: Int64?) { self.committed = Mutex(committed) }
    }

    private let id: String
    private let length: Int64
    private let metadata: String
    private let owner: Owner?
    private let database: Database
    private let file: FileAppender
    private let progress: Progress

    private var folder: UploadFolder { database.uploadFolder }

    /// A new upload.
    init(database: Database, length: Int64, metadata: String, owner: Owner?) throws(StorageError) {
        id = Identifier.make(.upload)
        let path = database.uploadFolder.path(of: id)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(doing: "make", path: path, errno: errno) }
        self.database = database
        self.length = length
        self.metadata = metadata
        self.owner = owner
        file = FileAppender(descriptor, path: path)
        progress = Progress(nil)
        // The identifier is new: no one else can have it.
        try? folder.hold(id)
    }

    /// One that the caller holds already; bytes behind its offset, of a piece that was cut off, are dropped.
    init(database: Database, resuming upload: Upload) throws(StorageError) {
        let path = database.uploadFolder.path(of: upload.id)
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(doing: "open", path: path, errno: errno) }
        guard ftruncate(descriptor, off_t(upload.offset)) == 0, lseek(descriptor, 0, SEEK_END) == off_t(upload.offset) else {
            let found = errno
            close(descriptor)
            throw .file(doing: "cut", path: path, errno: found)
        }
        id = upload.id
        length = upload.length
        metadata = upload.metadata
        owner = nil
        self.database = database
        file = FileAppender(descriptor, path: path, size: upload.offset)
        progress = Progress(upload.offset)
    }

    deinit {
        file.abandon()
        if let committed = progress.committed.withLock({ $0 }) {
            if committed < offset { file.truncate(to: committed) }
        } else {
            folder.remove(id)
        }
        folder.release(id)
    }

    /// Bytes written, committed or not.
    public var offset: Int64 { file.size }

    /// Bytes still to come.
    public var missing: Int64 { length - offset }

    /// Bytes written since the last commit.
    public var uncommitted: Int64 { offset - progress.committed.withLock { $0 ?? 0 } }

    /// Appends bytes; at most ``missing``.
    public func write(_ bytes: [UInt8]) throws(StorageError) {
        precondition(Int64(bytes.count) <= missing, "an upload is longer than announced")
        try file.append(bytes)
    }

    /// Waits for the disk, then writes the new offset down, and puts the end of the upload's time off.
    /// - Parameter answer: of a new upload, to be kept with it.
    @discardableResult
    public func commit(answer: KeptAnswer<Upload>? = nil) throws(StorageError) -> Upload {
        try file.synchronize()
        guard progress.committed.withLock({ $0 }) == nil else {
            return try Self.advance(id, to: offset, in: database, progress)
        }
        try folder.synchronize()
        let now = Timestamp.now().milliseconds
        let upload = try database.write("commit an upload") { rows in
            try rows.execute(
                sql: "INSERT INTO uploads (id, length, offset, metadata, created_at, expires_at, token) VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [id, length, offset, metadata, now, now + UploadStore.lifetime, owner?.token])
            try owner?.checkStored(in: rows)
            let upload = try database.uploads.upload(id, in: rows)
            try answer?.keep(upload, in: rows)
            return upload
        }
        progress.committed.withLock { $0 = offset }
        return upload
    }

    /// Commits, without waiting for it, what has come up to now. For an upload that has been committed before; a failure is thrown by a
    /// later call.
    public func commitSoon() {
        file.synchronizeSoon { [id, database, progress] offset throws(StorageError) in
            try Self.advance(id, to: offset, in: database, progress)
        }
    }

    @discardableResult
    private static func advance(
        _ id: String, to offset: Int64, in database: Database, _ progress: Progress
    ) throws(StorageError) -> Upload {
        let upload = try database.write("commit a piece of an upload") { rows in
            try rows.execute(
                sql: "UPDATE uploads SET offset = ?, expires_at = ? WHERE id = ?",
                arguments: [offset, Timestamp.now().milliseconds + UploadStore.lifetime, id])
            guard rows.changesCount == 1 else { throw StorageError.notFound(.upload, id: id) }
            return try database.uploads.upload(id, in: rows)
        }
        progress.committed.withLock { $0 = offset }
        return upload
    }
}
