import Foundation
import GRDB
import Storage
import Testing

/// A database that another process has locked.
@Suite struct BusyTests {
    /// Another connection, as the sqlite3 command opens one.
    private func other(_ folder: URL) throws -> DatabaseQueue {
        try DatabaseQueue(path: folder.appendingPathComponent("pruner.sqlite").path)
    }

    @Test func aLockThatPassesIsWaitedFor() throws {
        let folder = try Folder()
        let database = try Storage.Database(folder: folder.url, replacing: false, now: .now(), patience: 600)
        let other = try other(folder.url)
        let (locked, mayUnlock) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        DispatchQueue(label: "other").async {
            try? other.inDatabase { rows in
                try rows.execute(sql: "BEGIN IMMEDIATE")
                locked.signal()
                mayUnlock.wait()
                try rows.execute(sql: "COMMIT")
            }
        }
        locked.wait()
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            // Reading does not wait.
            _ = try? database.checkpoints.list(limit: 1)
            mayUnlock.signal()
            done.signal()
        }
        #expect(try database.checkpoint().hasPrefix("ckpt_"))
        done.wait()
    }

    @Test func aLockThatStaysIsToldAndLeavesNothing() throws {
        let folder = try Folder()
        let database = try Storage.Database(folder: folder.url, replacing: false, now: .now(), patience: 0.05)
        let other = try other(folder.url)
        try other.inDatabase { rows in
            try rows.execute(sql: "BEGIN IMMEDIATE")
            expect(.busy(doing: "insert a checkpoint")) { _ = try database.checkpoint() }
            // Whoever comes next does not wait as long again, and is told the same.
            expect(.busy(doing: "insert a checkpoint")) { _ = try database.checkpoint() }
            try rows.execute(sql: "COMMIT")
        }
        #expect(StorageError.busy(doing: "x").isOfTheDisk)
        #expect(Store.blobFiles(in: folder.url) == [])
        _ = try database.checkpoint()
    }

    @Test func aFileSystemThatCountsNoBlocksIsNotAFullOne() {
        var status = statvfs()
        #expect(Storage.Database.freeBytes(status) == nil)
        (status.f_blocks, status.f_bavail, status.f_frsize) = (1000, 10, 4096)
        #expect(Storage.Database.freeBytes(status) == 40960)
        status.f_bavail = 0
        #expect(Storage.Database.freeBytes(status) == 0)
    }
}
