import GRDB

extension Database {
    /// What earlier processes found damaged. What no row refers to any more is forgotten.
    static func damagedBlobs(_ pool: DatabasePool) throws(StorageError) -> [(BlobDigest, BlobDamage)] {
        do {
            return try pool.write { rows in
                try rows.execute(sql: "DELETE FROM damaged_blobs WHERE digest NOT IN (SELECT digest FROM (\(allReferences)))")
                return try Row.fetchAll(rows, sql: "SELECT * FROM damaged_blobs").map {
                    (try $0.digest("digest"), BlobDamage(found: $0["found"], fingerprint: $0["fingerprint"]))
                }
            }
        } catch {
            throw .database(doing: "read what is damaged", found: String(describing: error))
        }
    }

    /// Writes what is damaged. When that fails nothing is lost: whoever uses or walks over the blob finds it again.
    static func remember(_ pool: DatabasePool) -> @Sendable (BlobDigest, BlobDamage?) -> Void {
        { digest, damage in
            try? pool.write { rows in
                if let damage {
                    try rows.execute(
                        sql: "INSERT OR REPLACE INTO damaged_blobs (digest, found, fingerprint) VALUES (?, ?, ?)",
                        arguments: [digest.hex, damage.found, damage.fingerprint])
                } else {
                    try rows.execute(sql: "DELETE FROM damaged_blobs WHERE digest = ?", arguments: [digest.hex])
                }
            }
        }
    }

    /// What a blob is used for, such as `ckpt_… unet/config.json`; the first few.
    package func uses(of digest: BlobDigest) throws(StorageError) -> [String] {
        try read("look for references to a blob") { rows in
            try String.fetchAll(
                rows,
                sql: """
                    SELECT checkpoint || ' ' || path FROM checkpoint_files WHERE digest = ?1
                    UNION ALL SELECT id || ' pictures' FROM datasets WHERE pack_digest = ?1
                    UNION ALL SELECT id || ' embeddings' FROM datasets WHERE embeddings_digest = ?1
                    UNION ALL SELECT id || ' manifest' FROM checkpoints WHERE manifest = ?1
                    UNION ALL SELECT id || ' manifest' FROM datasets WHERE manifest = ?1
                    UNION ALL SELECT job || ' ' || name FROM job_files WHERE digest = ?1
                    UNION ALL SELECT job || ' save' FROM job_saves WHERE digest = ?1
                    UNION ALL SELECT job || ' ' || phase FROM job_keepings WHERE digest = ?1
                    UNION ALL SELECT id || ' ' || kind FROM evaluation_files WHERE digest = ?1
                    UNION ALL SELECT job || ' scoring' FROM calibrations WHERE digest = ?1 LIMIT 10
                    """, arguments: [digest.hex])
        }
    }

    /// The blob after `digest`, in the order of names, that a row refers to; nil at the end.
    package func blob(after digest: BlobDigest?) throws(StorageError) -> BlobDigest? {
        try read("look for the next blob") { rows in
            try Row.fetchOne(
                rows, sql: "SELECT MIN(digest) AS digest FROM (\(Self.allReferences)) WHERE digest > ?", arguments: [digest?.hex ?? ""]
            )
            .flatMap { row in (row["digest"] as String?).flatMap(BlobDigest.init) }
        }
    }

    /// How far the walk over all blobs has come: the last one that was read; nil at its beginning.
    package func walked() throws(StorageError) -> BlobDigest? {
        try read("read how far the blobs were walked over") { rows in
            try String.fetchOne(rows, sql: "SELECT last FROM blob_walk").flatMap(BlobDigest.init)
        }
    }

    /// Notes how far the walk has come.
    package func setWalked(_ last: BlobDigest?) throws(StorageError) {
        try write("note how far the blobs were walked over") { rows in
            try rows.execute(sql: "UPDATE blob_walk SET last = ?", arguments: [last?.hex])
        }
    }
}
