import Foundation
import GRDB

/// Appends to one upload. What was not committed goes with this value. Not for several tasks at once.
public final class UploadWriter {
    /// Bytes written, committed or not.
    public private(set) var offset: Int64
    /// Bytes committed; nil for a new upload before its first commit.
    private var committed: Int64?
    private let id: String
    private let length: Int64
    private let metadata: String
    private let owner: Owner?
    private let database: Database
    private let descriptor: Int32

    private var folder: UploadFolder { database.uploadFolder }

    /// A new upload.
    init(database: Database, length: Int64, metadata: String, owner: Owner?) throws(StorageError) {
        id = Identifier.make(.upload)
        let path = database.uploadFolder.path(of: id)
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(doing: "make", path: path, errno: errno) }
        self.database = database
        self.length = length
        self.metadata = metadata
        self.owner = owner
        offset = 0
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
        self.descriptor = descriptor
        offset = upload.offset
        committed = upload.offset
    }

    deinit {
        if let committed, committed < offset { ftruncate(descriptor, off_t(committed)) }
        close(descriptor)
        if committed == nil { folder.remove(id) }
        folder.release(id)
    }

    /// Bytes still to come.
    public var missing: Int64 { length - offset }

    /// Bytes written since the last commit.
    public var uncommitted: Int64 { offset - (committed ?? 0) }

    /// Appends bytes; at most ``missing``.
    public func write(_ bytes: [UInt8]) throws(StorageError) {
        precondition(Int64(bytes.count) <= missing, "an upload is longer than announced")
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress! + done, bytes.count - done) }
            if count < 0 {
                if errno == EINTR { continue }
                throw .file(doing: "write", path: folder.path(of: id), errno: errno)
            }
            done += count
            offset += Int64(count)
        }
    }

    /// Waits for the disk, then writes the new offset down, and puts the end of the upload's time off.
    /// - Parameter answer: of a new upload, to be kept with it.
    @discardableResult
    public func commit(answer: KeptAnswer<Upload>? = nil) throws(StorageError) -> Upload {
        guard fsync(descriptor) == 0 else { throw .file(doing: "fsync", path: folder.path(of: id), errno: errno) }
        if committed == nil { try folder.synchronize() }
        let now = Timestamp.now().milliseconds
        let upload = try database.write("commit a piece of an upload") { rows in
            if committed == nil {
                try rows.execute(
                    sql: "INSERT INTO uploads (id, length, offset, metadata, created_at, expires_at, token) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    arguments: [id, length, offset, metadata, now, now + UploadStore.lifetime, owner?.token])
                try owner?.checkStored(in: rows)
            } else {
                try rows.execute(
                    sql: "UPDATE uploads SET offset = ?, expires_at = ? WHERE id = ?",
                    arguments: [offset, now + UploadStore.lifetime, id])
                guard rows.changesCount == 1 else { throw StorageError.notFound(.upload, id: id) }
            }
            let upload = try database.uploads.upload(id, in: rows)
            try answer?.keep(upload, in: rows)
            return upload
        }
        committed = offset
        return upload
    }
}
