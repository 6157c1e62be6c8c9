import Foundation
import GRDB

extension Database {
    /// What was found when the store was opened.
    public struct Opening: Sendable {
        /// What lay under `blobs/` without a row that names it, and was put aside.
        public internal(set) var setAside = BlobStore.Amount()
        /// Whether the last process did not close the database and its log is gone all the same: what it stored last may be lost.
        public internal(set) var lostLog = false
        /// How many times the database had been written to since what it holds: its log was cut, or an older one was put in its place.
        public internal(set) var lostCommits: Int64 = 0
        /// Where the database that was there before was put aside; nil where it was opened.
        public internal(set) var replaced: String?
    }

    /// Opens the folder's own database and brings it up to date.
    ///
    /// - Parameter replacing: whether one that is not the folder's, or holds nothing, is put aside and a new one made.
    /// - Throws: ``StorageError/databaseLost(path:)``, ``StorageError/databaseForeign(path:)``,
    ///   ``StorageError/databaseDestroyed(path:found:)``; then nothing has been changed.
    static func open(_ folder: DataFolder, replacing: Bool, _ patience: BusyPatience, now: Timestamp) throws(StorageError) -> (
        pool: DatabasePool, identity: FolderIdentity, opening: Opening
    ) {
        let identity = FolderIdentity(in: folder.url)
        var opening = Opening()
        do throws(StorageError) {
            let log = folder.database.path + "-wal"
            opening.lostLog = identity?.isRunning == true && access(log, F_OK) != 0
            let pool = try connect(folder, identity, patience, isNew: false)
            return (pool, try complete(pool, folder, identity, now), opening)
        } catch {
            guard replacing, error.isOfAnotherDatabase else { throw error }
        }
        for suffix in ["", "-wal", "-shm"] where access(folder.database.path + suffix, F_OK) == 0 {
            try folder.aside.take(folder.database.path + suffix, on: now.day)
        }
        if access(folder.aside.url.path, F_OK) == 0 { try folder.aside.synchronize(now.day) }
        opening.replaced = folder.aside.url.appendingPathComponent(now.day).path
        opening.lostLog = false
        let pool = try connect(folder, identity, patience, isNew: true)
        return (pool, try complete(pool, folder, identity, now), opening)
    }

    private static func connect(_ folder: DataFolder, _ identity: FolderIdentity?, _ patience: BusyPatience, isNew: Bool)
        throws(StorageError)
        -> DatabasePool
    {
        let path = folder.url.path
        // Before SQLite makes a file, and before it removes a log that has none.
        if !isNew, BlobStore.size(of: folder.database.path) ?? 0 == 0 {
            guard identity == nil, try BlobStore.isEmpty(folder) else { throw .databaseLost(path: path) }
        }
        if !isNew { try examine(folder, identity) }
        return try asStorageError("open \(folder.database.path)", path) {
            let pool = try DatabasePool(path: folder.database.path, configuration: configuration(patience))
            // GRDB sets NORMAL while it sets up WAL. NORMAL does not wait for the disk at a commit: a power cut would
            // take back commits that were answered with 201.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            let migrator = Schema.migrator
            try migrator.migrate(pool)
            try openReaders(of: pool)
            return pool
        }
    }

    /// Looks at a database before anything is written to it: whoever closes it last writes its log back, and that may be another's.
    private static func examine(_ folder: DataFolder, _ identity: FolderIdentity?) throws(StorageError) {
        let path = folder.url.path
        guard access(folder.database.path, F_OK) == 0 else { return }
        try asStorageError("open \(folder.database.path)", path) {
            var configuration = Configuration()
            configuration.readonly = true
            let reader = try DatabaseQueue(path: folder.database.path, configuration: configuration)
            try reader.read { rows in
                if try Schema.migrator.hasBeenSuperseded(rows) { throw StorageError.folderTooNew(path: path) }
                try check(rows, folder, identity)
                // Pages that a cut took, or that hold something else.
                let found = try String.fetchOne(rows, sql: "PRAGMA quick_check(1)") ?? ""
                guard found == "ok" else { throw StorageError.databaseDestroyed(path: path, found: found) }
            }
            try reader.close()
        }
    }

    /// Whether the rows are those of this folder.
    private static func check(_ rows: GRDB.Database, _ folder: DataFolder, _ identity: FolderIdentity?) throws {
        let path = folder.url.path
        guard try rows.tableExists("checkpoints") else {
            guard identity == nil, try BlobStore.isEmpty(folder) else { throw StorageError.databaseLost(path: path) }
            return
        }
        let own = try rows.tableExists("store") ? String.fetchOne(rows, sql: "SELECT identity FROM store") : nil
        guard let identity else {
            let isUsed = try hasContents(rows) || Bool.fetchOne(rows, sql: "SELECT EXISTS (SELECT 1 FROM jobs)")!
            guard try isUsed || BlobStore.isEmpty(folder) else { throw StorageError.databaseLost(path: path) }
            return
        }
        if let own {
            guard own == identity.id else { throw StorageError.databaseForeign(path: path) }
        } else if try !shares(rows, with: folder) {
            // Of a version that gave none: it is this folder's if it knows anything that is here.
            throw StorageError.databaseForeign(path: path)
        }
        guard try !identity.isFilled || hasContents(rows) else { throw StorageError.databaseLost(path: path) }
    }

    /// Whether there are checkpoints or datasets.
    static func hasContents(_ rows: GRDB.Database) throws -> Bool {
        try Bool.fetchOne(rows, sql: "SELECT EXISTS (SELECT 1 FROM checkpoints) OR EXISTS (SELECT 1 FROM datasets)")!
    }

    /// Whether any file that these rows name is in the folder, or they name none.
    private static func shares(_ rows: GRDB.Database, with folder: DataFolder) throws -> Bool {
        let digests = try String.fetchAll(
            rows, sql: "SELECT digest FROM checkpoint_files UNION SELECT pack_digest FROM datasets UNION SELECT digest FROM job_files")
        return digests.isEmpty
            || digests.contains { access(folder.blobs.appendingPathComponent("\($0.prefix(2))/\($0)").path, F_OK) == 0 }
    }

    /// Gives database and folder one identity, in the main file, from which a lost log cannot take it, before the folder says that it has
    /// a database.
    private static func complete(
        _ pool: DatabasePool, _ folder: DataFolder, _ found: FolderIdentity?, _ now: Timestamp
    ) throws(StorageError) -> FolderIdentity {
        let (id, isFilled) = try asStorageError("open \(folder.database.path)", folder.url.path) {
            let told = try pool.write { rows in
                try rows.execute(
                    sql: "INSERT OR IGNORE INTO store (only, identity, clock) VALUES (1, ?, COALESCE((\(latest)), ?))",
                    arguments: [found?.id ?? Identifier.make(.store), now.milliseconds])
                return (try String.fetchOne(rows, sql: "SELECT identity FROM store")!, try hasContents(rows))
            }
            // Unless another process reads it: then the log will do.
            try? pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            return told
        }
        let identity = found ?? FolderIdentity(id: id, in: folder.url)
        do throws(StorageError) { try identity.set(isFilled: isFilled, isRunning: true) } catch {
            // A full disk does not stop the start of a folder that has its identity.
            guard found != nil, error.isOfTheDisk else { throw error }
        }
        return identity
    }

    /// The latest moment that any row knows.
    private static let latest = """
        SELECT MAX(time) FROM (SELECT MAX(created_at) AS time FROM checkpoints UNION ALL SELECT MAX(created_at) FROM datasets
            UNION ALL SELECT MAX(MAX(created_at, COALESCE(started_at, 0), COALESCE(finished_at, 0))) FROM jobs)
        """

    private static func asStorageError<Result>(_ doing: String, _ path: String, _ body: () throws -> Result) throws(StorageError) -> Result
    {
        do {
            return try body()
        } catch let error as StorageError {
            throw error
        } catch {
            switch (error as? DatabaseError)?.resultCode {
            case .SQLITE_BUSY, .SQLITE_LOCKED: throw .busy(doing: doing)
            case .SQLITE_NOTADB, .SQLITE_CORRUPT: throw .databaseDestroyed(path: path, found: String(describing: error))
            default: throw .database(doing: doing, found: String(describing: error))
            }
        }
    }
}
