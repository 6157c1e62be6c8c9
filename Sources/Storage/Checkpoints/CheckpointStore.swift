import GRDB

/// The checkpoints' rows.
public struct CheckpointStore: Sendable {
    let database: Database

    /// Stores a checkpoint whose files are already in their places.
    /// - Parameters:
    ///   - id: from ``Identifier/make(_:)``, where the caller needs it beforehand.
    ///   - files: paths, each once, with their contents.
    ///   - descriptor: JSON.
    ///   - upload: what it was made of, which goes then.
    ///   - owner: whose it is.
    ///   - answer: to be kept with it.
    /// - Throws: ``StorageError/tooMuchStored(limit:)`` when it is more than its owner may have.
    @discardableResult
    public func insert(
        id: String = Identifier.make(.checkpoint), name: String, descriptor: String, files: [(path: String, blob: StoredBlob)],
        consuming upload: HeldUpload? = nil, owner: Owner? = nil, answer: KeptAnswer<CheckpointRecord>? = nil
    ) throws(StorageError) -> CheckpointRecord {
        let manifest = Manifest(checkpoint: id, name: name, descriptor: descriptor, files: files, owner: owner)
        let blob = try manifest.store(in: database.blobs)
        let record = try database.write("insert a checkpoint") { rows in
            try upload?.consume(in: rows)
            let record = try insert(manifest, blob, owner, in: rows)
            try answer?.keep(record, in: rows)
            return record
        }
        upload?.removeFile()
        return record
    }

    /// - Parameter blob: the manifest's.
    func insert(_ manifest: Manifest, _ blob: StoredBlob, _ owner: Owner?, in rows: GRDB.Database) throws -> CheckpointRecord {
        try manifest.insert((blob.digest, blob.size), in: rows)
        try owner?.checkStored(in: rows)
        database.noteFilled(in: rows)
        return try record(manifest.id, in: rows)
    }

    /// The checkpoint with this identifier.
    /// - Throws: ``StorageError/notFound(_:id:)``
    public func get(_ id: String) throws(StorageError) -> CheckpointRecord {
        try database.read("read a checkpoint") { try record(id, in: $0) }
    }

    /// A page of checkpoints, newest first, after the one with the identifier `after`.
    /// - Throws: ``StorageError/invalidCursor(_:)``
    public func list(limit: Int, after: String? = nil) throws(StorageError) -> Page<CheckpointRecord> {
        try database.read("list checkpoints") { rows in
            let found = try rows.page(of: "checkpoints", limit: limit, after: after)
            return Page(rows: try found.map { CheckpointRecord($0, files: try Self.files(of: $0["id"], in: rows)) }, limit: limit)
        }
    }

    /// Deletes a checkpoint, and the contents that nothing else refers to.
    /// - Throws: ``StorageError/notFound(_:id:)``; ``StorageError/inUse(_:id:jobs:)`` while a live job starts from it or made it.
    public func delete(_ id: String) throws(StorageError) {
        let digests = try database.write("delete a checkpoint") { rows in
            let jobs = try String.fetchAll(
                rows,
                sql: """
                    SELECT id FROM jobs WHERE status IN ('queued', 'running', 'paused')
                        AND (checkpoint = ?1 OR result_checkpoint = ?1 OR result_pruned = ?1) ORDER BY id
                    """, arguments: [id])
            guard jobs.isEmpty else { throw StorageError.inUse(.checkpoint, id: id, jobs: jobs) }
            let digests =
                try database.forgetManifest(.checkpoint, id, in: rows) + Self.files(of: id, in: rows).map(\.digest)
                + rows.remove(from: "calibrations", where: "checkpoint = ?", [id])
            try rows.execute(sql: "DELETE FROM checkpoints WHERE id = ?", arguments: [id])
            guard rows.changesCount == 1 else { throw StorageError.notFound(.checkpoint, id: id) }
            try database.noteDeleted(in: rows)
            return digests
        }
        database.blobs.collect(digests)
    }

    private func record(_ id: String, in rows: GRDB.Database) throws -> CheckpointRecord {
        guard let row = try Row.fetchOne(rows, sql: "SELECT * FROM checkpoints WHERE id = ?", arguments: [id]) else {
            throw StorageError.notFound(.checkpoint, id: id)
        }
        return CheckpointRecord(row, files: try Self.files(of: id, in: rows))
    }

    static func files(of id: String, in rows: GRDB.Database) throws -> [CheckpointRecord.File] {
        try Row.fetchAll(rows, sql: "SELECT * FROM checkpoint_files WHERE checkpoint = ? ORDER BY ordinal", arguments: [id])
            .map { CheckpointRecord.File(path: $0["path"], digest: try $0.digest("digest"), size: $0["size"]) }
    }
}
