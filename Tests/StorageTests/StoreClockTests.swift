import Foundation
import Storage
import Testing

private let day: Int64 = 86_400_000
private let hour: Int64 = 3_600_000

/// The system's clock so many milliseconds from now.
private func clock(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: Timestamp.now().milliseconds + milliseconds) }

/// A system's clock that leaps: what is removed by age is not removed for that.
@Suite struct StoreClockTests {
    private static let retention = Retention(days: 30, bytes: 0, asideDays: 30)

    @Test func aStartWithAClockFarAheadRemovesNothing() throws {
        let folder = try Folder()
        var (checkpoint, upload) = ("", "")
        do {
            let database = try Database(folder: folder.url)
            checkpoint = try database.checkpoint()
            upload = try database.uploads.begin(length: 3, metadata: "").commit().id
        }
        try Data("stray".utf8).write(to: folder.url.appendingPathComponent("blobs/stray"))
        let now = clock(400 * day)
        do {
            let database = try Database(folder: folder.url, now: now)
            let collection = try database.collectGarbage(Self.retention, now: now)
            #expect(collection.removed == [] && collection.spared == [checkpoint])
            #expect(collection.removedDays == [] && Store.asideFiles(in: folder.url) == ["stray"])
            let leap = try #require(collection.leap)
            #expect(leap.found == now && abs(leap.believed.milliseconds - Timestamp.now().milliseconds) < hour)
            #expect(try database.uploads.removeExpired(now: now) == 0 && database.uploads.get(upload).offset == 0)
        }
        // Again: a start is no reason to believe it.
        let database = try Database(folder: folder.url, now: now)
        #expect(try database.collectGarbage(Self.retention, now: now).removed == [])
        // It was wrong.
        #expect(try database.collectGarbage(Self.retention).leap == nil)
        // It was right.
        try database.acceptClock(now: now)
        #expect(try database.collectGarbage(Self.retention, now: now).removed == [checkpoint])
        #expect(try database.uploads.removeExpired(now: now) == 1)
    }

    @Test func aClockThatStaysAheadIsBelievedAfterADay() throws {
        let store = try Store()
        let id = try store.database.checkpoint()
        let start = Int64(ProcessInfo.processInfo.systemUptime * 1000)
        for hours in Int64(0)...24 {
            let now = clock(400 * day + hours * hour)
            #expect(try store.database.collectGarbage(Self.retention, now: now).removed == [])
            try store.database.lookAtClock(now: now, uptime: start + hours * hour)
        }
        let now = clock(400 * day + 25 * hour)
        try store.database.lookAtClock(now: now, uptime: start + 25 * hour)
        let collection = try store.database.collectGarbage(Self.retention, now: now)
        #expect(collection.removed == [id] && collection.leap == nil)
    }

    @Test func aClockThatLeapsAgainAndAgainIsNotBelieved() throws {
        let store = try Store()
        _ = try store.database.checkpoint()
        let start = Int64(ProcessInfo.processInfo.systemUptime * 1000)
        for hours in Int64(0)...60 {
            let now = clock((100 + 10 * hours) * day)
            try store.database.lookAtClock(now: now, uptime: start + hours * hour)
            #expect(try store.database.collectGarbage(Self.retention, now: now).removed == [])
        }
    }

    @Test func aClockThatGoesByItselfIsFollowed() throws {
        let store = try Store()
        let id = try store.database.checkpoint()
        let start = Int64(ProcessInfo.processInfo.systemUptime * 1000)
        for hours in stride(from: Int64(0), through: 31 * 24, by: 12) {
            try store.database.lookAtClock(now: clock(hours * hour), uptime: start + hours * hour)
        }
        #expect(try store.database.collectGarbage(Self.retention, now: clock(31 * day)).removed == [id])
    }

    @Test func aClockThatStepsBackRemovesAndBreaksNothing() throws {
        let folder = try Folder()
        let now = clock(-400 * day)
        do {
            let database = try Database(folder: folder.url)
            _ = try database.checkpoint()
            try database.acceptClock(now: clock(400 * day))
        }
        for moment in [now, .now()] {
            let database = try Database(folder: folder.url, now: moment)
            _ = try database.checkpoint("another")
            _ = try database.uploads.begin(length: 3, metadata: "").commit()
            #expect(try database.collectGarbage(Self.retention, now: moment).removed == [])
            #expect(try database.uploads.removeExpired(now: moment) == 0)
            try database.lookAtClock(now: moment)
        }
    }

    @Test func whatWasStampedByAClockThatWasAheadDoesNotStayForThatLong() throws {
        let store = try Store()
        let upload = try store.database.uploads.begin(length: 3, metadata: "").commit().id
        try store.database.execute("UPDATE uploads SET expires_at = \(clock(400 * day).milliseconds)")
        try store.database.lookAtClock()
        let expires = try store.database.uploads.get(upload).expiresAt.milliseconds - Timestamp.now().milliseconds
        #expect(expires <= day)
    }

    @Test func anAnswerIsKeptWhereTheClockLeaps() throws {
        let store = try Store()
        func answer(_ word: String) -> KeptAnswer<CheckpointRecord> {
            KeptAnswer(.init(client: "c", word: word), fingerprint: BlobDigest(hex: String(repeating: "a", count: 64))!) { _ in "{}" }
        }
        try store.database.checkpoints.insert(name: "m", descriptor: "{}", files: [("w", store.database.blob("w"))], answer: answer("one"))
        #expect(try store.database.answers.find(.init(client: "c", word: "one"), now: clock(400 * day)) != nil)
        #expect(try store.database.answers.find(.init(client: "c", word: "one"), now: clock(day - hour)) != nil)
        try store.database.acceptClock(now: clock(day + hour))
        #expect(try store.database.answers.find(.init(client: "c", word: "one"), now: clock(day + hour)) == nil)
    }
}
