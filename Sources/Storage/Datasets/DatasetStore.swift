import GRDB

/// The datasets' rows.
public struct DatasetStore: Sendable {
    let database: Database

    /// Stores a dataset whose files are already in their places; all its pictures in one transaction.
    /// - Parameters:
    ///   - descriptor: JSON.
    ///   - embeddings: a file with one of each picture.
    ///   - pictures: in the dataset's order, at most a few hundred thousand.
    ///   - upload: what it was made of, which goes then.
    ///   - owner: whose it is.
    ///   - answer: to be kept with it.
    /// - Throws: ``StorageError/tooMuchStored(limit:)`` when it is more than its owner may have.
    @discardableResult
    public func insert(
        id: String = Identifier.make(.dataset), name: String, descriptor: String, pack: StoredBlob, embeddings: StoredBlob? = nil,
        pictures: [DatasetRecord.Picture], consuming upload: HeldUpload? = nil, owner: Owner? = nil,
        answer: KeptAnswer<DatasetRecord>? = nil
    ) throws(StorageError) -> DatasetRecord {
        let manifest = Manifest(
            dataset: id, name: name, descriptor: descriptor, pack: pack, embeddings: embeddings, pictures: pictures, owner: owner)
        let blob = try manifest.store(in: database.blobs)
        let record = try database.write("insert a dataset") { rows in
            try manifest.insert((blob.digest, blob.size), in: rows)
            try upload?.consume(in: rows)
            try owner?.checkStored(in: rows)
            database.noteFilled(in: rows)
            let record = try self.record(id, in: rows)
            try answer?.keep(record, in: rows)
            return record
        }
        upload?.removeFile()
        return record
    }

    /// The dataset with this identifier.
    /// - Throws: ``StorageError/notFound(_:id:)``
    public func get(_ id: String) throws(StorageError) -> DatasetRecord {
        try database.read("read a dataset") { try record(id, in: $0) }
    }

    /// Its pictures, in order.
    /// - Throws: ``StorageError/notFound(_:id:)``
    public func pictures(of id: String) throws(StorageError) -> [DatasetRecord.Picture] {
        try database.read("read a dataset's pictures") { rows in
            _ = try record(id, in: rows)
            return try Self.pictures(of: id, in: rows)
        }
    }

    static func pictures(of id: String, in rows: GRDB.Database) throws -> [DatasetRecord.Picture] {
        let cursor = try Row.fetchCursor(
            rows, sql: "SELECT path, pack_offset, length, class, caption FROM pictures WHERE dataset = ? ORDER BY ordinal", arguments: [id])
        var pictures: [DatasetRecord.Picture] = []
        while let row = try cursor.next() {
            pictures.append(.init(path: row[0], offset: row[1], length: row[2], classNumber: row[3], caption: row[4]))
        }
        return pictures
    }

    /// A page of datasets, newest first, after the one with the identifier `after`.
    /// - Throws: ``StorageError/invalidCursor(_:)``
    public func list(limit: Int, after: String? = nil) throws(StorageError) -> Page<DatasetRecord> {
        try database.read("list datasets") { rows in
            Page(rows: try rows.page(of: "datasets", limit: limit, after: after).map { try DatasetRecord($0) }, limit: limit)
        }
    }

    /// Deletes a dataset, and its files if nothing else refers to them.
    /// - Throws: ``StorageError/notFound(_:id:)``; ``StorageError/inUse(_:id:jobs:)`` while a live job needs it.
    public func delete(_ id: String) throws(StorageError) {
        let digests = try database.write("delete a dataset") { rows in
            let jobs = try String.fetchAll(
                rows,
                sql: "SELECT id FROM jobs WHERE status IN ('queued', 'running', 'paused') AND (dataset = ?1 OR reference = ?1) ORDER BY id",
                arguments: [id])
            guard jobs.isEmpty else { throw StorageError.inUse(.dataset, id: id, jobs: jobs) }
            let record = try record(id, in: rows)
            let digests =
                try database.forgetManifest(.dataset, id, in: rows) + [record.pack, record.embeddings].compactMap { $0 }
                + rows.remove(from: "calibrations", where: "dataset = ?", [id])
            try rows.execute(sql: "DELETE FROM datasets WHERE id = ?", arguments: [id])
            try database.noteDeleted(in: rows)
            return digests
        }
        database.blobs.collect(digests)
    }

    private func record(_ id: String, in rows: GRDB.Database) throws -> DatasetRecord {
        guard let row = try Row.fetchOne(rows, sql: "SELECT * FROM datasets WHERE id = ?", arguments: [id]) else {
            throw StorageError.notFound(.dataset, id: id)
        }
        return try DatasetRecord(row)
    }
}
