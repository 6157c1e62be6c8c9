import Foundation
import GRDB

/// Uploads that come in pieces. A row never says more than the disk holds: bytes are synchronized before the offset is written.
public struct UploadStore: Sendable {
    let database: Database

    /// Milliseconds after its last piece that an upload is kept.
    static let lifetime: Int64 = 24 * 60 * 60 * 1000

    /// Begins a new upload, of which nothing is seen or left before the writer's ``UploadWriter/commit(answer:)``.
    /// - Parameters:
    ///   - length: bytes in all.
    ///   - metadata: any text.
    ///   - owner: whose it is; all its bytes count as theirs from the beginning.
    public func begin(length: Int64, metadata: String, owner: Owner? = nil) throws(StorageError) -> UploadWriter {
        try UploadWriter(database: database, length: length, metadata: metadata, owner: owner)
    }

    /// Goes on with an upload. Whoever is at it already is interrupted: a client that comes again has given its first connection up,
    /// though the server may not have noticed.
    /// - Parameters:
    ///   - offset: where the caller believes the upload to be.
    ///   - interrupt: makes the caller give the writer up, when someone else comes.
    /// - Throws: ``StorageError/notFound(_:id:)``, ``StorageError/uploadBusy(id:)``, ``StorageError/wrongOffset(id:expected:found:)``
    public func resume(_ id: String, at offset: Int64, interrupt: (@Sendable () -> Void)? = nil) throws(StorageError) -> UploadWriter {
        try holding(id, interrupting: true, interrupt: interrupt) { upload throws(StorageError) in
            guard upload.offset == offset else { throw StorageError.wrongOffset(id: id, expected: upload.offset, found: offset) }
            return try UploadWriter(database: database, resuming: upload)
        }
    }

    /// Takes a complete upload, to make something of it.
    /// - Throws: ``StorageError/notFound(_:id:)``, ``StorageError/uploadBusy(id:)``, ``StorageError/uploadIncomplete(id:offset:length:)``
    public func take(_ id: String) throws(StorageError) -> HeldUpload {
        try holding(id) { upload throws(StorageError) in
            guard upload.isComplete else {
                throw StorageError.uploadIncomplete(id: id, offset: upload.offset, length: upload.length)
            }
            return HeldUpload(upload, in: database.uploadFolder)
        }
    }

    /// Gives `body` an upload that is the caller's own; what it returns gives it back, or after a failure this does.
    private func holding<Result>(
        _ id: String, interrupting: Bool = false, interrupt: (@Sendable () -> Void)? = nil,
        _ body: (Upload) throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        _ = try get(id)
        try database.uploadFolder.hold(id, interrupting: interrupting, interrupt: interrupt)
        do throws(StorageError) {
            // Read again: whoever had it may have changed it meanwhile.
            return try body(try get(id))
        } catch {
            database.uploadFolder.release(id)
            throw error
        }
    }

    /// The upload with this identifier.
    /// - Throws: ``StorageError/notFound(_:id:)`` also once it has expired.
    public func get(_ id: String) throws(StorageError) -> Upload {
        try database.read("read an upload") { try upload(id, in: $0) }
    }

    /// Removes an upload and its bytes. Whoever goes on with it is interrupted.
    /// - Throws: ``StorageError/notFound(_:id:)``, ``StorageError/uploadBusy(id:)``
    public func delete(_ id: String) throws(StorageError) {
        _ = try get(id)
        try database.uploadFolder.hold(id, interrupting: true)
        defer { database.uploadFolder.release(id) }
        try remove(id)
    }

    /// Removes the uploads whose time is over by the store's clock. Returns how many there were.
    @discardableResult
    public func removeExpired(now: Timestamp = .now()) throws(StorageError) -> Int {
        let expired = try database.read("look for expired uploads") { rows in
            try String.fetchAll(
                rows, sql: "SELECT id FROM uploads WHERE expires_at <= ?", arguments: [database.clock.time(now).milliseconds])
        }
        var count = 0
        // One that is being written to or used is not over.
        for id in expired where (try? database.uploadFolder.hold(id)) != nil {
            defer { database.uploadFolder.release(id) }
            try remove(id)
            count += 1
        }
        return count
    }

    /// At start-up: removes files without a row (a cut before the first commit), and rows without their bytes (a folder that was
    /// brought back without them).
    func reconcile(now: Timestamp) throws(StorageError) {
        let sizes = try database.uploadFolder.sizes()
        let uploads = try database.read("list uploads") { try Row.fetchAll($0, sql: "SELECT * FROM uploads").map(Upload.init) }
        let whole = Set(uploads.filter { (sizes[$0.id] ?? -1) >= $0.offset }.map(\.id))
        for name in sizes.keys where !whole.contains(name) { database.uploadFolder.remove(name) }
        for upload in uploads where !whole.contains(upload.id) { try remove(upload.id) }
        try removeExpired(now: now)
    }

    private func remove(_ id: String) throws(StorageError) {
        try database.write("remove an upload") { try $0.execute(sql: "DELETE FROM uploads WHERE id = ?", arguments: [id]) }
        database.uploadFolder.remove(id)
    }

    func upload(_ id: String, in rows: GRDB.Database) throws -> Upload {
        let row = try Row.fetchOne(
            rows, sql: "SELECT * FROM uploads WHERE id = ? AND expires_at > ?", arguments: [id, database.clock.time(.now()).milliseconds])
        guard let row else { throw StorageError.notFound(.upload, id: id) }
        return Upload(row)
    }
}
