import GRDB

extension Database {
    /// At start-up: removes the manifests whose rows were deleted, before what no row names is put aside.
    static func removeForgotten(_ pool: DatabasePool, _ blobs: BlobStore) throws(StorageError) {
        do {
            let removals = try pool.read { rows in
                try Row.fetchAll(rows, sql: "SELECT digest FROM removals").map { try $0.digest("digest") }
            }
            guard !removals.isEmpty else { return }
            try blobs.removeForGood(removals)
            try pool.write { try $0.execute(sql: "DELETE FROM removals") }
        } catch let error as StorageError {
            throw error
        } catch {
            throw .database(doing: "remove forgotten manifests", found: String(describing: error))
        }
    }

    /// At start-up: writes the manifests that are missing, as are those of checkpoints and datasets that an earlier version stored.
    ///
    /// What the disk does not take is tried again at the next start: nothing needs them until rows are lost.
    func reconcileManifests() throws(StorageError) {
        let missing = try read("look for manifests") { rows in
            try [Manifest.Kind.checkpoint, .dataset].flatMap { kind in
                try Row.fetchAll(rows, sql: "SELECT id, manifest, manifest_size FROM \(kind.rawValue)s").compactMap { row in
                    let digest = (row["manifest"] as String?).flatMap(BlobDigest.init(hex:))
                    let isThere = digest.map { BlobStore.size(of: blobs.url(for: $0).path) == row["manifest_size"] } ?? false
                    return isThere ? nil : (kind, row["id"] as String)
                }
            }
        }
        do {
            for (kind, id) in missing {
                let manifest = try read("read what a manifest says") { try Manifest(kind, id, in: $0) }
                let blob = try manifest.store(in: blobs)
                try write("note a manifest") { rows in
                    try rows.execute(
                        sql: "UPDATE \(kind.rawValue)s SET manifest = ?, manifest_size = ? WHERE id = ?",
                        arguments: [blob.digest.hex, blob.size, id])
                }
            }
        } catch  where error.isOfTheDisk {}
    }

    /// Within the transaction that deletes a checkpoint or dataset, before it: its manifest, which is not to be found any more, whatever
    /// becomes of this process before the file is gone.
    func forgetManifest(_ kind: Manifest.Kind, _ id: String, in rows: GRDB.Database) throws -> [BlobDigest] {
        let found = try String.fetchOne(rows, sql: "SELECT manifest FROM \(kind.rawValue)s WHERE id = ?", arguments: [id])
        guard let digest = found.flatMap(BlobDigest.init(hex:)) else { return [] }
        try rows.execute(sql: "INSERT OR IGNORE INTO removals (digest) VALUES (?)", arguments: [digest.hex])
        return [digest]
    }
}
