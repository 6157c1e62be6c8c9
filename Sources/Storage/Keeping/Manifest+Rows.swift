import GRDB

extension Manifest {
    /// Of the rows of a checkpoint or dataset.
    init(_ kind: Kind, _ id: String, in rows: GRDB.Database) throws {
        guard let row = try Row.fetchOne(rows, sql: "SELECT * FROM \(kind.rawValue)s WHERE id = ?", arguments: [id]) else {
            throw StorageError.notFound(kind == .checkpoint ? .checkpoint : .dataset, id: id)
        }
        (self.kind, self.id, name) = (kind, id, row["name"])
        createdAt = Timestamp(milliseconds: row["created_at"])
        (descriptor, token) = (row["descriptor"], row["token"])
        switch kind {
        case .checkpoint:
            files = try CheckpointStore.files(of: id, in: rows)
            pictures = []
        case .dataset:
            let record = try DatasetRecord(row)
            let embeddings = record.embeddings.map { digest in
                CheckpointRecord.File(path: DatasetRecord.embeddingsName, digest: digest, size: record.embeddingsSize)
            }
            files = [CheckpointRecord.File(path: "", digest: record.pack, size: record.packSize)] + (embeddings.map { [$0] } ?? [])
            pictures = try DatasetStore.pictures(of: id, in: rows)
        }
    }

    /// Writes the rows, within a transaction.
    /// - Parameter blob: of this manifest, in its place.
    func insert(_ blob: (digest: BlobDigest, size: Int64), in rows: GRDB.Database) throws {
        switch kind {
        case .checkpoint:
            try rows.execute(
                sql: """
                    INSERT INTO checkpoints (id, name, created_at, descriptor, token, manifest, manifest_size) VALUES (?, ?, ?, ?, ?, ?, ?)
                    """, arguments: [id, name, createdAt.milliseconds, descriptor, token, blob.digest.hex, blob.size])
            for (ordinal, file) in files.enumerated() {
                try rows.execute(
                    sql: "INSERT INTO checkpoint_files (checkpoint, ordinal, path, digest, size) VALUES (?, ?, ?, ?, ?)",
                    arguments: [id, ordinal, file.path, file.digest.hex, file.size])
            }
        case .dataset:
            try rows.execute(
                sql: """
                    INSERT INTO datasets (id, name, created_at, descriptor, token, pack_digest, pack_size, manifest, manifest_size,
                        embeddings_digest, embeddings_size) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id, name, createdAt.milliseconds, descriptor, token, files[0].digest.hex, files[0].size, blob.digest.hex, blob.size,
                    files.count > 1 ? files[1].digest.hex : nil, files.count > 1 ? files[1].size : nil,
                ])
            let statement = try rows.makeStatement(
                sql: "INSERT INTO pictures (dataset, ordinal, path, pack_offset, length, class, caption) VALUES (?, ?, ?, ?, ?, ?, ?)")
            for (ordinal, picture) in pictures.enumerated() {
                try statement.execute(arguments: [
                    id, ordinal, picture.path, picture.offset, picture.length, picture.classNumber, picture.caption,
                ])
            }
        }
    }
}
