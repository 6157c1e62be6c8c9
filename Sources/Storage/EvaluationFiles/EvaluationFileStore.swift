import GRDB

/// The rows of files of one kind that evaluations go by. They have no manifest: where the database is lost they are uploaded again.
public struct EvaluationFileStore: Sendable {
    let database: Database
    /// Which are its.
    public let kind: EvaluationFileRecord.Kind

    private var table: String { "(SELECT * FROM evaluation_files WHERE kind = '\(kind.rawValue)')" }

    /// Stores a file that is already in its place.
    ///
    /// - Parameters:
    ///   - descriptor: JSON.
    ///   - upload: what it was made of, which goes then.
    ///   - owner: whose it is.
    ///   - answer: to be kept with it.
    /// - Throws: ``StorageError/tooMuchStored(limit:)`` when it is more than its owner may have.
    @discardableResult public func insert(
        name: String, descriptor: String, _ blob: StoredBlob, consuming upload: HeldUpload? = nil, owner: Owner? = nil,
        answer: KeptAnswer<EvaluationFileRecord>? = nil
    ) throws(StorageError) -> EvaluationFileRecord {
        let id = Identifier.make(kind.prefix)
        let record = try database.write("insert a file of evaluations") { rows in
            try rows.execute(
                sql: """
                    INSERT INTO evaluation_files (id, kind, name, created_at, descriptor, digest, size, token) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [id, kind.rawValue, name, Timestamp.now().milliseconds, descriptor, blob.digest.hex, blob.size, owner?.token])
            try upload?.consume(in: rows)
            try owner?.checkStored(in: rows)
            let record = try self.record(id, in: rows)
            try answer?.keep(record, in: rows)
            return record
        }
        upload?.removeFile()
        return record
    }

    /// The one with this identifier.
    /// - Throws: ``StorageError/notFound(_:id:)``
    public func get(_ id: String) throws(StorageError) -> EvaluationFileRecord {
        try database.read("read a file of evaluations") { try record(id, in: $0) }
    }

    /// Those whose file holds these bytes, the newest first.
    public func find(_ digest: String) throws(StorageError) -> [EvaluationFileRecord] {
        try database.read("look for a file of evaluations") { rows in
            try Row.fetchAll(rows, sql: "SELECT * FROM \(table) WHERE digest = ? ORDER BY id DESC LIMIT 2", arguments: [digest]).map {
                try EvaluationFileRecord($0)
            }
        }
    }

    /// A page of them, newest first, after the one with the identifier `after`.
    /// - Throws: ``StorageError/invalidCursor(_:)``
    public func list(limit: Int, after: String? = nil) throws(StorageError) -> Page<EvaluationFileRecord> {
        try database.read("list files of evaluations") { rows in
            Page(rows: try rows.page(of: table, limit: limit, after: after).map { try EvaluationFileRecord($0) }, limit: limit)
        }
    }

    /// Deletes one, and its file if nothing else refers to that.
    /// - Throws: ``StorageError/notFound(_:id:)``; ``StorageError/inUse(_:id:jobs:)`` while a live job needs it.
    public func delete(_ id: String) throws(StorageError) {
        let digests = try database.write("delete a file of evaluations") { rows in
            _ = try record(id, in: rows)
            let jobs = try String.fetchAll(
                rows, sql: "SELECT id FROM jobs WHERE \(Database.live) AND (extractor = ?1 OR reference = ?1) ORDER BY id", arguments: [id])
            guard jobs.isEmpty else { throw StorageError.inUse(kind.stored, id: id, jobs: jobs) }
            return try rows.remove(from: "evaluation_files", where: "id = ?", [id])
        }
        database.blobs.collect(digests)
    }

    private func record(_ id: String, in rows: GRDB.Database) throws -> EvaluationFileRecord {
        guard let row = try Row.fetchOne(rows, sql: "SELECT * FROM \(table) WHERE id = ?", arguments: [id]) else {
            throw StorageError.notFound(kind.stored, id: id)
        }
        return try EvaluationFileRecord(row)
    }
}
