import Foundation
import Storage
import Testing

/// What becomes of a data folder whose database was lost, cut or swapped: nothing of it is removed.
@Suite struct LostDatabaseTests {
    /// A folder with a checkpoint and a dataset, that no process has open.
    private static func filled() throws -> Folder {
        let folder = try Folder()
        let database = try Database(folder: folder.url)
        _ = try database.checkpoint("weights")
        try database.datasets.insert(name: "d", descriptor: "{}", pack: database.blob("pack"), pictures: [])
        database.close()
        return folder
    }

    private static func remove(_ names: String..., in folder: Folder) throws {
        for name in names { try FileManager.default.removeItem(at: folder.url.appendingPathComponent(name)) }
    }

    private static func copy(_ name: String, of folder: Folder, to other: Folder) throws {
        let (from, to) = (folder.url.appendingPathComponent(name), other.url.appendingPathComponent(name))
        try? FileManager.default.removeItem(at: to)
        try FileManager.default.createDirectory(at: to.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: from, to: to)
    }

    @Test func afterACleanEndTheMainFileHoldsEverything() throws {
        let folder = try Self.filled()
        #expect(try Data(contentsOf: folder.url.appendingPathComponent("pruner.sqlite-wal")).isEmpty)
        let other = try Folder()
        try Self.copy("pruner.sqlite", of: folder, to: other)
        let database = try Database(folder: other.url)
        #expect(try database.checkpoints.list(limit: 9).items.count == 1 && database.datasets.list(limit: 9).items.count == 1)
    }

    /// The ways in which a database comes to hold nothing.
    @Test(arguments: ["missing", "empty", "only a header", "without rows"])
    func anEmptyDatabaseBesideBlobsIsRefused(how: String) throws {
        let folder = try Self.filled()
        let file = folder.url.appendingPathComponent("pruner.sqlite")
        try FileManager.default.removeItem(at: file)
        let other = try Folder()
        switch how {
        case "missing": break
        case "empty": try Data().write(to: file)
        case "only a header": try emptyDatabase().write(to: file)
        default:
            // Of this folder, and from before its first row.
            try Database(folder: other.url).close()
            try Self.copy("identity", of: other, to: folder)
            try Self.copy("pruner.sqlite", of: other, to: folder)
            let identity = folder.url.appendingPathComponent("identity")
            try (String(contentsOf: identity, encoding: .utf8) + "filled\n").write(to: identity, atomically: true, encoding: .utf8)
        }
        let before = Store.blobFiles(in: folder.url)
        for _ in 0..<2 { expect(.databaseLost(path: folder.url.path)) { _ = try Database(folder: folder.url) } }
        #expect(Store.blobFiles(in: folder.url) == before && before.count == 2)
        #expect(Store.asideFiles(in: folder.url) == [])
    }

    /// SQLite's file after `PRAGMA journal_mode = WAL`, when the log with the rest was removed: a page.
    private func emptyDatabase() throws -> Data {
        let folder = try Self.filled()
        let file = folder.url.appendingPathComponent("pruner.sqlite")
        var page = try Data(contentsOf: file).prefix(4096)
        // No table: the root page of the schema is a leaf without cells; and the file has one page.
        page.replaceSubrange(100..<108, with: [13, 0, 0, 0, 0, 0x10, 0, 0])
        page.replaceSubrange(28..<32, with: [0, 0, 0, 1])
        return page
    }

    @Test func anEmptyFolderOfAnOlderVersionIsNotTakenForALostOne() throws {
        let folder = try Folder()
        try Database(folder: folder.url).close()
        try Self.remove("identity", in: folder)
        try Database(folder: folder.url).close()
        #expect(FileManager.default.fileExists(atPath: folder.url.appendingPathComponent("identity").path))
    }

    @Test func aFolderOfAnOlderVersionIsGivenAnIdentity() throws {
        let folder = try Self.filled()
        try Self.remove("identity", in: folder)
        do {
            let database = try Database(folder: folder.url)
            try database.execute("DELETE FROM store")
            #expect(try database.checkpoints.list(limit: 9).items.count == 1)
        }
        // The database has none, the folder has one, and the rows are known here.
        try Database(folder: folder.url).close()
        let other = try Folder()
        try Self.copy("pruner.sqlite", of: folder, to: other)
        try Database(folder: other.url).close()
    }

    @Test func aFolderThatWasEmptiedOnPurposeIsNotTakenForALostOne() throws {
        let folder = try Self.filled()
        do {
            let database = try Database(folder: folder.url)
            try database.checkpoints.delete(database.checkpoints.list(limit: 1).items[0].id)
            try database.datasets.delete(database.datasets.list(limit: 1).items[0].id)
        }
        // What a crash between the row and the file leaves.
        try FileManager.default.createDirectory(at: folder.url.appendingPathComponent("blobs/ab"), withIntermediateDirectories: true)
        let stray = String(repeating: "ab", count: 32)
        try Data("x".utf8).write(to: folder.url.appendingPathComponent("blobs/ab/\(stray)"))
        #expect(try Database(folder: folder.url).opening.setAside.files == 1)
    }

    @Test func aDatabaseOfAnotherFolderIsRefused() throws {
        let (folder, other) = (try Self.filled(), try Self.filled())
        try Self.copy("pruner.sqlite", of: other, to: folder)
        expect(.databaseForeign(path: folder.url.path)) { _ = try Database(folder: folder.url) }
        #expect(Store.blobFiles(in: folder.url).count == 2 && Store.asideFiles(in: folder.url) == [])
    }

    @Test func aDatabaseOfAnotherFolderOfAnOlderVersionIsRefused() throws {
        let (folder, other) = (try Self.filled(), try Folder())
        do {
            let database = try Database(folder: other.url)
            _ = try database.checkpoint("other weights")
            try database.execute("DROP TABLE store")
            try database.execute("DELETE FROM grdb_migrations WHERE identifier = 'store'")
        }
        try Self.copy("pruner.sqlite", of: other, to: folder)
        expect(.databaseForeign(path: folder.url.path)) { _ = try Database(folder: folder.url) }
        #expect(Store.blobFiles(in: folder.url).count == 2)
    }

    @Test(arguments: [0, 1]) func aDestroyedDatabaseIsRefused(page: Int) throws {
        let folder = try Self.filled()
        let file = folder.url.appendingPathComponent("pruner.sqlite")
        var bytes = try Data(contentsOf: file)
        let first = page == 0 ? 0 : 100
        bytes.replaceSubrange(first..<4096, with: [UInt8](repeating: 0x5A, count: 4096 - first))
        try bytes.write(to: file)
        do {
            _ = try Database(folder: folder.url)
            Issue.record("it was opened")
        } catch StorageError.databaseDestroyed(let path, _) { #expect(path == folder.url.path) }
        #expect(Store.blobFiles(in: folder.url).count == 2)
    }

    @Test func onlyTheDatabaseOfAnEarlierBackupIsEnough() throws {
        let folder = try Self.filled()
        let other = try Folder()
        do {
            let database = try Database(folder: folder.url)
            try database.withSnapshot { copy, _ in
                try FileManager.default.createDirectory(at: other.url, withIntermediateDirectories: true)
                try FileManager.default.copyItem(at: copy, to: other.url.appendingPathComponent("pruner.sqlite"))
            }
            _ = try database.checkpoint("later")
        }
        try Self.copy("pruner.sqlite", of: other, to: folder)
        let database = try Database(folder: folder.url)
        #expect(try database.checkpoints.list(limit: 9).items.count == 1)
        #expect(try database.opening.setAside.files >= 1 && database.examine().troubles == [])
    }

    /// SQLite takes such a log for one that ends there.
    @Test(arguments: ["whole", "cut", "flipped", "removed", "an older database"])
    func changesThatTheDatabaseHasLostAreTold(how: String) throws {
        let (folder, other) = (try Self.filled(), try Folder())
        let older = try Data(contentsOf: folder.url.appendingPathComponent("pruner.sqlite"))
        let database = try Database(folder: folder.url)
        for name in ["first", "second", "third"] { _ = try database.checkpoint(name) }
        // What a process that dies here leaves.
        try FileManager.default.copyItem(at: folder.url, to: other.url)
        database.close()
        let log = other.url.appendingPathComponent("pruner.sqlite-wal")
        var bytes = try Data(contentsOf: log)
        switch how {
        case "cut": try bytes.prefix(bytes.count - 5000).write(to: log)
        case "flipped":
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: log)
        case "removed": try Self.remove("pruner.sqlite-wal", in: other)
        case "an older database":
            try Self.remove("pruner.sqlite-wal", "pruner.sqlite-shm", in: other)
            try older.write(to: other.url.appendingPathComponent("pruner.sqlite"))
        default: break
        }
        let lost = try 4 - Database(folder: other.url).checkpointCount
        // Told when it is found, and by the doctor ever after.
        let again = try Database(folder: other.url)
        #expect(again.opening.lostCommits == 0)
        #expect(try (again.lostCommits()?.count ?? 0 >= lost) && (again.lostCommits() == nil) == (how == "whole"))
        #expect(how == "whole" || lost > 0)
    }

    /// Whoever closes a database writes its log back: one that is another's must not be opened for that.
    @Test func theLogOfAnotherDatabaseChangesNothing() throws {
        let (folder, other, copied) = (try Self.filled(), try Folder(), try Folder())
        let main = try Data(contentsOf: folder.url.appendingPathComponent("pruner.sqlite"))
        let database = try Database(folder: other.url)
        _ = try database.checkpoint("other weights")
        try database.execute("UPDATE store SET clock = clock + 1")
        try Self.copy("pruner.sqlite-wal", of: other, to: folder)
        try FileManager.default.copyItem(at: folder.url, to: copied.url)
        #expect(throws: StorageError.self) { _ = try Database(folder: copied.url) }
        #expect(try Data(contentsOf: copied.url.appendingPathComponent("pruner.sqlite")) == main)
        try Self.remove("pruner.sqlite-wal", in: copied)
        #expect(try Database(folder: copied.url).checkpointCount == 1)
        withExtendedLifetime(database) {}
    }

    @Test func pagesThatWereCutOffAreNoticedBeforeAnythingIsWritten() throws {
        let folder = try Self.filled()
        let file = folder.url.appendingPathComponent("pruner.sqlite")
        let cut = try Data(contentsOf: file).dropLast(3 * 4096)
        try cut.write(to: file)
        do {
            _ = try Database(folder: folder.url)
            Issue.record("it was opened")
        } catch StorageError.databaseDestroyed {}
        #expect(try Data(contentsOf: file) == cut)
    }

    @Test func aLogThatWasTakenFromADeadProcessIsTold() throws {
        let (folder, other) = (try Folder(), try Folder())
        let database = try Database(folder: folder.url)
        _ = try database.checkpoint("first")
        // What a process that dies here leaves, but for the log.
        try FileManager.default.copyItem(at: folder.url, to: other.url)
        try Self.remove("pruner.sqlite-wal", in: other)
        expect(.databaseLost(path: other.url.path)) { _ = try Database(folder: other.url) }
        database.close()
        let third = try Folder()
        try Self.copy("pruner.sqlite", of: folder, to: third)
        try Self.copy("identity", of: other, to: third)
        #expect(try Database(folder: third.url).opening.lostLog)
        #expect(try !Database(folder: third.url).opening.lostLog)
    }

    @Test func onRequestADatabaseThatIsLostIsReplacedAndNothingIsRemoved() throws {
        let folder = try Self.filled()
        try Data("no database".utf8).write(to: folder.url.appendingPathComponent("pruner.sqlite"))
        let blobs = Store.blobFiles(in: folder.url)
        let database = try Database(folder: folder.url, replacing: true)
        #expect(database.opening.replaced != nil)
        let aside = Store.asideFiles(in: folder.url).filter { !$0.hasPrefix("pruner.sqlite-") }
        #expect(aside == (blobs + ["pruner.sqlite"]).sorted())
        database.close()
    }
}

extension Database {
    fileprivate var checkpointCount: Int { get throws { try checkpoints.list(limit: 9).items.count } }
}
