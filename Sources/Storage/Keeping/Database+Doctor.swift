import Foundation
import GRDB
import Hashing

extension Database {
    /// What ``examine()`` found.
    public struct Examination: Sendable {
        /// Blobs that were read.
        public internal(set) var blobs = 0
        /// Bytes that were read.
        public internal(set) var bytes: Int64 = 0
        /// What is wrong, a sentence each; empty in a sound store.
        public internal(set) var troubles: [String] = []
        /// Files that nothing refers to: no trouble, `gc` puts them aside.
        public internal(set) var strays = 0
        /// What lies aside.
        public internal(set) var aside = BlobStore.Amount()
        /// The days on which it was put there, the first first.
        public internal(set) var asideDays: [String] = []
    }

    /// Reads everything and compares: the database with its own rules, every row with what it refers to, every blob with its name.
    ///
    /// It changes nothing but what is remembered of damaged blobs, and may run while the store is in use; nothing is removed meanwhile.
    public func examine() throws(StorageError) -> Examination {
        blobs.keepAll()
        defer { blobs.stopKeepingAll() }
        var result = Examination()
        let references = try read("examine the database") { rows in
            result.troubles += try Self.troubles(in: rows)
            return try Self.references(in: rows)
        }
        for reference in references {
            result.blobs += 1
            do throws(StorageError) {
                guard let found = try blobs.reread(reference.digest) else { continue }
                result.bytes += found.size
                if found.size != reference.size {
                    result.troubles.append("blob \(reference.digest.hex) has \(found.size) bytes, its row says \(reference.size)")
                } else if found.digest != reference.digest {
                    result.troubles.append("blob \(reference.digest.hex) holds other bytes than its name says")
                }
            } catch {
                result.troubles.append("blob \(reference.digest.hex): \(error)")
            }
        }
        let known = Set(references.map(\.digest))
        for file in try blobs.files() where file.digest.map({ !known.contains($0) }) ?? true { result.strays += 1 }
        for day in try blobs.folder.aside.days() {
            result.aside.files += day.files
            result.aside.bytes += day.bytes
            result.asideDays.append(day.name)
        }
        return result
    }

    /// What refers to a blob's file, each digest once with the sizes that rows give it.
    static func references(in rows: GRDB.Database) throws -> [(digest: BlobDigest, size: Int64)] {
        try Row.fetchAll(rows, sql: "SELECT DISTINCT digest, size FROM (\(allReferences)) ORDER BY digest").map {
            (try $0.digest("digest"), $0["size"])
        }
    }

    /// Every use of a blob, as `digest` and `size`.
    static let allReferences = """
        \(contents)
            UNION ALL SELECT manifest, manifest_size FROM checkpoints WHERE manifest IS NOT NULL
            UNION ALL SELECT manifest, manifest_size FROM datasets WHERE manifest IS NOT NULL
        """

    /// Those that are someone's contents, and no manifest.
    static let contents = """
        SELECT digest, size FROM checkpoint_files UNION ALL SELECT pack_digest AS digest, pack_size AS size FROM datasets
            UNION ALL SELECT embeddings_digest, embeddings_size FROM datasets WHERE embeddings_digest IS NOT NULL
            UNION ALL SELECT digest, size FROM job_files UNION ALL SELECT digest, size FROM job_saves
            UNION ALL SELECT digest, size FROM job_keepings UNION ALL SELECT digest, size FROM calibrations
            UNION ALL SELECT digest, size FROM evaluation_files
        """

    private static func troubles(in rows: GRDB.Database) throws -> [String] {
        var troubles = try String.fetchAll(rows, sql: "PRAGMA integrity_check").filter { $0 != "ok" }.map { "database: \($0)" }
        for row in try Row.fetchAll(rows, sql: "PRAGMA foreign_key_check") {
            troubles.append("database: a row of \(row[0] as String) refers to none of \(row[2] as String)")
        }
        let questions = [
            (
                "a job waits for a checkpoint that is gone",
                "SELECT id FROM jobs WHERE \(live) AND checkpoint NOT IN (SELECT id FROM checkpoints)"
            ),
            (
                "a job waits for a dataset that is gone",
                "SELECT id FROM jobs WHERE \(live) AND dataset IS NOT NULL AND dataset NOT IN (SELECT id FROM datasets)"
            ),
            (
                "a job waits for an extractor that is gone",
                "SELECT id FROM jobs WHERE \(live) AND extractor IS NOT NULL AND extractor NOT IN (SELECT id FROM evaluation_files)"
            ),
            (
                "a job goes on from a result that is gone",
                """
                SELECT id FROM jobs WHERE \(live) AND (result_checkpoint NOT IN (SELECT id FROM checkpoints) AND result_checkpoint IS NOT NULL
                    OR result_pruned NOT IN (SELECT id FROM checkpoints) AND result_pruned IS NOT NULL)
                """
            ),
            ("a job that has ended keeps a save", "SELECT job FROM job_saves JOIN jobs ON id = job WHERE NOT (\(live))"),
            (
                "a job that has ended keeps what a phase left for others",
                "SELECT DISTINCT job FROM job_keepings JOIN jobs ON id = job WHERE NOT (\(live))"
            ),
            ("a checkpoint has no files", "SELECT id FROM checkpoints WHERE id NOT IN (SELECT checkpoint FROM checkpoint_files)"),
            (
                "a picture lies outside its pack",
                "SELECT DISTINCT dataset FROM pictures JOIN datasets ON id = dataset WHERE pack_offset + length > pack_size"
            ),
        ]
        for (trouble, sql) in questions { troubles += try String.fetchAll(rows, sql: sql).map { "\($0): \(trouble)" } }
        return troubles
    }

    static let live = "status IN ('queued', 'running', 'paused')"

    /// The size and the digest of what a file holds.
    static func digest(of url: URL) throws(StorageError) -> (size: Int64, digest: BlobDigest) {
        do {
            let handle = try FileHandle(forReadingFrom: url)
            defer { try? handle.close() }
            var (hash, size) = (MessageDigest(.sha256), Int64(0))
            while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty {
                hash.update(data)
                size += Int64(data.count)
            }
            return (size, BlobDigest(hash.finalize()))
        } catch {
            throw .file(doing: "read", path: url.path, errno: errno)
        }
    }
}
