import Dispatch
import Foundation
import GRDB
import Synchronization

/// The store of one server: rows in SQLite, contents as blobs, in one folder.
///
///     let database = try Database(folder: URL(fileURLWithPath: "data"))
///     let job = try database.jobs.enqueue(…)
///
/// Methods block for as long as the disk takes (a commit waits for it); call them from threads that may block.
public final class Database: Sendable {
    /// Contents by their SHA-256.
    public let blobs: BlobStore
    let pool: DatabasePool
    /// What was found when it was opened.
    public let opening: Opening
    let identity: FolderIdentity
    private let witness: CommitWitness
    let clock: StoreClock
    private let patience: BusyPatience
    private let path: String
    private let isClosed = Atomic(false)
    /// Writes that have begun and not ended.
    private let writing = Atomic(0)
    /// A number that grows with each write that ends.
    private let version = Atomic<UInt64>(0)
    /// The tokens as they were last read; nil when they may have changed.
    let tokensRead = ReadMostly<[KnownToken]?>(nil)
    /// Who is at work by which token.
    let bearers = Bearers()
    let file: DatabaseFile
    let faults = DatabaseFaults()
    let uploadFolder: UploadFolder
    /// Who follows which job.
    let jobChanges = JobChanges()
    /// How many jobs ended how.
    let endings = JobEndings()
    /// Signalled for every event that is to be told.
    let webhookSignal = WebhookSignal()
    /// Whether the last commit failed on the disk, and so may be found done by a process that opens the database after a crash.
    private let isDoubtful = Mutex(false)

    /// Opens the store in `folder`, making it if need be, and clears what a crash left: temporary files go, and blobs that no row refers
    /// to are put aside.
    ///
    /// Running jobs of the last process stay as they are until ``JobQueue/recover(maxAttempts:)`` is called.
    /// - Parameter replacing: whether a database that is not the folder's, or is lost, is put aside and a new one made.
    /// - Throws: ``StorageError/folderLocked(path:)`` when another process (or another `Database`) holds the folder;
    ///   ``StorageError/databaseLost(path:)``, ``StorageError/databaseForeign(path:)``, ``StorageError/databaseDestroyed(path:found:)``.
    public convenience init(folder: URL, replacing: Bool = false, now: Timestamp = .now()) throws(StorageError) {
        try self.init(folder: folder, replacing: replacing, now: now, patience: BusyPatience.seconds)
    }

    /// - Parameter patience: seconds that a database is waited for which another process has locked.
    package init(folder: URL, replacing: Bool, now: Timestamp, patience seconds: Double) throws(StorageError) {
        let dataFolder = try DataFolder(folder)
        path = folder.path
        let patience = BusyPatience(seconds: seconds)
        self.patience = patience
        var found: Opening
        (pool, identity, found) = try Self.open(dataFolder, replacing: replacing, patience, now: now)
        witness = try CommitWitness(in: folder)
        found.lostCommits = try Self.findLostCommits(pool, witness, isNew: found.replaced != nil, now: now)
        file = try DatabaseFile(dataFolder)
        uploadFolder = UploadFolder(dataFolder)
        let pool = pool
        blobs = BlobStore(folder: dataFolder, damaged: try Self.damagedBlobs(pool), remember: Self.remember(pool)) {
            digest throws(StorageError) in
            do {
                return try pool.read {
                    try Bool.fetchOne($0, sql: Self.isReferenced, arguments: [digest.hex]) ?? false
                }
            } catch {
                throw .database(doing: "look for references to a blob", found: String(describing: error))
            }
        }
        do { clock = StoreClock(try pool.read { try Self.clock($0) }) } catch {
            throw .database(doing: "read the store's time", found: String(describing: error))
        }
        try Self.removeForgotten(pool, blobs)
        // What a full disk does not let move stays, and is moved later.
        do throws(StorageError) { found.setAside = try blobs.setAsideUnreferenced(on: clock.time(now).day) } catch {
            guard error.isOfTheDisk else { throw error }
        }
        opening = found
        try reconcileManifests()
        // A disk that takes nothing does not stop the start.
        do { try lookAtClock(now: now) } catch  where error.isOfTheDisk {}
        try uploads.reconcile(now: now)
    }

    deinit { close() }

    /// Ends the use of the store: all rows are in the main file then, the log is gone. What is asked of it afterwards fails.
    public func close() {
        guard !isClosed.exchange(true, ordering: .sequentiallyConsistent) else { return }
        try? lookAtClock()
        blobs.rowsAreClosing()
        // Before the folder's lock goes: whoever takes it next must find the log written back and no lock on the database. SQLite does
        // not tell whether it wrote the log back while it closed.
        try? pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        try? pool.close()
        if BlobStore.size(of: blobs.folder.database.path + "-wal") ?? 0 == 0 { try? identity.set(isRunning: false) }
    }

    private static let isReferenced = """
        SELECT EXISTS (SELECT 1 FROM checkpoint_files WHERE digest = ?1)
            OR EXISTS (SELECT 1 FROM datasets WHERE pack_digest = ?1)
            OR EXISTS (SELECT 1 FROM datasets WHERE embeddings_digest = ?1)
            OR EXISTS (SELECT 1 FROM job_files WHERE digest = ?1)
            OR EXISTS (SELECT 1 FROM job_saves WHERE digest = ?1)
            OR EXISTS (SELECT 1 FROM job_keepings WHERE digest = ?1)
            OR EXISTS (SELECT 1 FROM calibrations WHERE digest = ?1)
        OR EXISTS (SELECT 1 FROM evaluation_files WHERE digest = ?1)
            OR EXISTS (SELECT 1 FROM checkpoints WHERE manifest = ?1)
            OR EXISTS (SELECT 1 FROM datasets WHERE manifest = ?1)
        """

    /// A number that tells whether rows may have changed since it was asked for before; nil while they are changing.
    public var rowsVersion: UInt64? {
        // In this order: a write that ends in between makes the number an old one, which only costs its reader another look.
        let version = version.load(ordering: .sequentiallyConsistent)
        return writing.load(ordering: .sequentiallyConsistent) == 0 ? version : nil
    }

    /// Runs `body` in one transaction of the one writing connection.
    ///
    /// A commit whose fsync fails is answered as failed, but its pages are in the log until the next commit writes over them, and a
    /// process that dies before that leaves them to be found. So until then no file is removed: what such rows refer to is there.
    func write<Result>(_ doing: String, _ body: (GRDB.Database) throws -> Result) throws(StorageError) -> Result {
        writing.add(1, ordering: .sequentiallyConsistent)
        defer {
            version.add(1, ordering: .sequentiallyConsistent)
            writing.subtract(1, ordering: .sequentiallyConsistent)
        }
        do {
            let (result, count) = try pool.write { rows in
                let changes = rows.totalChangesCount
                let result = try body(rows)
                return (result, try Self.countCommit(rows, since: changes))
            }
            if let count { witness.saw(count) }
            patience.ends()
            let wasDoubtful = isDoubtful.withLock { value in
                defer { value = false }
                return value
            }
            if wasDoubtful { blobs.stopKeepingAll() }
            return result
        } catch let error as StorageError {
            throw error
        } catch {
            faults.note(error, doing: doing)
            let code = (error as? DatabaseError)?.resultCode
            if code == .SQLITE_IOERR || code == .SQLITE_FULL {
                let wasDoubtful = isDoubtful.withLock { value in
                    defer { value = true }
                    return value
                }
                if !wasDoubtful { blobs.keepAll() }
            }
            if code == .SQLITE_BUSY || code == .SQLITE_LOCKED { throw .busy(doing: doing) }
            // ENOSPC: what a client may be told.
            if code == .SQLITE_FULL { throw .file(doing: doing, path: "pruner.sqlite", errno: ENOSPC) }
            throw .database(doing: doing, found: String(describing: error))
        }
    }

    /// Runs `body` on one consistent view of the rows.
    func read<Result>(_ doing: String, _ body: (GRDB.Database) throws -> Result) throws(StorageError) -> Result {
        do {
            return try pool.read(body)
        } catch let error as StorageError {
            throw error
        } catch let error as DatabaseError where [.SQLITE_BUSY, .SQLITE_LOCKED].contains(error.resultCode) {
            throw .busy(doing: doing)
        } catch {
            faults.note(error, doing: doing)
            throw .database(doing: doing, found: String(describing: error))
        }
    }

    /// Within the transaction that stores a checkpoint or dataset: once it is committed the folder knows that its database is not empty.
    func noteFilled(in rows: GRDB.Database) {
        guard !identity.isFilled else { return }
        rows.afterNextTransaction { [identity] _ in try? identity.set(isFilled: true) }
    }

    /// Within the transaction that deletes a checkpoint or dataset, after it: before the last one's is committed the folder knows that an
    /// empty database is the right one.
    func noteDeleted(in rows: GRDB.Database) throws {
        guard identity.isFilled, try !Self.hasContents(rows) else { return }
        try identity.set(isFilled: false)
        rows.afterNextTransaction(onCommit: { _ in }, onRollback: { [identity] _ in try? identity.set(isFilled: true) })
    }

    /// Bytes that the disk of the data folder has free for this process; nil where its file system does not tell.
    public func freeBytes() throws(StorageError) -> Int64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw .file(doing: "ask for free room in", path: path, errno: errno) }
        return Self.freeBytes(status)
    }

    /// A file system without blocks, as some network and FUSE ones are, counts none: only writing shows whether there is room.
    package static func freeBytes(_ status: statvfs) -> Int64? {
        guard status.f_blocks > 0 else { return nil }
        return Int64(clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }

    /// What SQLite says for `PRAGMA synchronous` on the writing connection: 2 is FULL.
    package func synchronousLevel() throws(StorageError) -> Int {
        try write("read a pragma") { try Int.fetchOne($0, sql: "PRAGMA synchronous") ?? -1 }
    }

    /// Runs any statement, for tests of the schema's own rules. It is not counted.
    package func execute(_ sql: String) throws(StorageError) {
        do { try pool.write { try $0.execute(sql: sql) } } catch {
            throw .database(doing: "execute", found: String(describing: error))
        }
    }
}
