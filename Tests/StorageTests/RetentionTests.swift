import Foundation
import Storage
import Testing

private let day: Int64 = 86_400_000

/// A store with what its names say, each so many days old.
private struct Aged {
    let store: Store
    var database: Database { store.database }
    /// 10 bytes each: of a job that ended 5 days ago, of one that ended 2 days ago, of a live one, and of none, 9 days old.
    let (old, recent, needed, unused): (String, String, String, String)
    let (oldJob, recentJob, liveJob): (String, String, String)

    init() throws {
        store = try Store()
        let database = store.database
        let now = Timestamp.now().milliseconds
        (old, recent) = (try database.checkpoint("0123456old"), try database.checkpoint("012345 new"))
        (needed, unused) = (try database.checkpoint("0123needed"), try database.checkpoint("0123unused"))
        oldJob = try database.job(checkpoint: old).id
        recentJob = try database.job(checkpoint: recent).id
        liveJob = try database.job(checkpoint: needed).id
        try database.jobs.cancel(oldJob)
        try database.jobs.cancel(recentJob)
        try database.execute("UPDATE checkpoints SET created_at = \(now - 9 * day)")
        try database.execute("UPDATE jobs SET created_at = \(now - 8 * day)")
        try database.execute("UPDATE jobs SET finished_at = \(now - 5 * day) WHERE id = '\(oldJob)'")
        try database.execute("UPDATE jobs SET finished_at = \(now - 2 * day) WHERE id = '\(recentJob)'")
    }
}

@Test(
    arguments: [
        (0, 0, []), (3, 0, ["unused", "oldJob", "old"]), (1, 0, ["unused", "oldJob", "old", "recentJob", "recent"]), (30, 0, []),
        (0, 40, []), (0, 39, ["unused"]), (0, 20, ["unused", "oldJob", "old"]), (0, 1, ["unused", "oldJob", "old", "recentJob", "recent"]),
        (6, 25, ["unused", "oldJob", "old"]),
    ] as [(Int, Int64, [String])])
func theLongestUnusedGoesFirstAndNothingThatIsNeeded(days: Int, bytes: Int64, expected: [String]) throws {
    let aged = try Aged()
    let names = [
        aged.old: "old", aged.recent: "recent", aged.needed: "needed", aged.unused: "unused", aged.oldJob: "oldJob",
        aged.recentJob: "recentJob", aged.liveJob: "liveJob",
    ]
    let collection = try aged.database.collectGarbage(Retention(days: days, bytes: bytes))
    #expect(collection.removed.map { names[$0] ?? $0 } == expected)
    let kept = 4 - expected.filter { !$0.hasSuffix("Job") }.count
    #expect(collection.bytesKept == Int64(10 * kept))
    #expect(aged.store.blobFiles.count == kept)
    #expect(try aged.database.examine().troubles == [])
    // What is gone is gone, and there is nothing more to do.
    #expect(try aged.database.collectGarbage(Retention(days: days, bytes: bytes)).removed == [])
}

@Test func whatWasJustStoredDoesNotGoForWantOfRoom() throws {
    let store = try Store()
    let id = try store.database.checkpoint()
    let retention = Retention(days: 0, bytes: 1)
    #expect(try store.database.collectGarbage(retention).removed == [])
    let later = Timestamp(milliseconds: Timestamp.now().milliseconds + 2 * 3_600_000)
    #expect(try store.database.collectGarbage(retention, now: later).removed == [id])
}

@Test func sharedContentsAreCountedOnceAndStayWithTheLastThatHasThem() throws {
    let store = try Store()
    let (one, other) = (try store.database.checkpoint("same"), try store.database.checkpoint("same"))
    #expect(try store.database.storedBytes() == 4)
    try store.database.execute("UPDATE checkpoints SET created_at = 1 WHERE id = '\(one)'")
    #expect(try store.database.collectGarbage(Retention(days: 1, bytes: 0)).removed == [one])
    #expect(store.blobFiles.count == 1)
    #expect(try store.database.checkpoints.get(other).id == other)
}

@Test func whatLiesAsideGoesAfterItsTime() throws {
    let store = try Store()
    let now = Timestamp.now().milliseconds
    try Data("stray".utf8).write(to: store.folder.appendingPathComponent("blobs/stray"))
    let retention = Retention(days: 0, bytes: 0, asideDays: 1)
    #expect(try store.database.collectGarbage(retention).setAside.files == 1)
    #expect(try store.database.collectGarbage(retention, now: Timestamp(milliseconds: now + day)).removedAside.files == 0)
    #expect(try store.database.examine().aside.files == 1)
    // Of that day: it has ended by now.
    let days = try FileManager.default.contentsOfDirectory(atPath: store.folder.appendingPathComponent("aside").path)
    try FileManager.default.moveItem(
        at: store.folder.appendingPathComponent("aside/\(days[0])"), to: store.folder.appendingPathComponent("aside/2024-02-29"))
    #expect(try store.database.collectGarbage(Retention(days: 1, bytes: 1)).removedAside.files == 0)
    let collection = try store.database.collectGarbage(retention)
    #expect(collection.removedAside.files == 1 && collection.removedAside.bytes == 5 && collection.removedDays == ["2024-02-29"])
    #expect(Store.asideFiles(in: store.folder) == [])
}
