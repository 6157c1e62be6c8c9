import Foundation
import Storage
import Testing

/// A store with a checkpoint and a data set, and what was scored of them.
private struct Scored {
    let store: Store
    let (checkpoint, dataset): (String, String)
    let key = Self.key("1")
    var database: Database { store.database }

    init() throws {
        store = try Store()
        checkpoint = try store.database.checkpoint()
        dataset = try store.database.datasets.insert(name: "d", descriptor: "{}", pack: store.database.blob("pack"), pictures: []).id
        try keep("scores")
    }

    static func key(_ digit: Character) -> BlobDigest { BlobDigest(hex: String(repeating: digit, count: 64))! }

    func keep(_ text: String, job: String = "job_1") throws {
        try database.calibrations.keep(key, checkpoint: checkpoint, dataset: dataset, job: job, database.blob(text))
    }
}

@Test func whatWasScoredIsFoundByAllItDependsOn() throws {
    let scored = try Scored()
    let found = try #require(try scored.database.calibrations.find(scored.key))
    #expect(found.job == "job_1" && found.size == 6)
    #expect(try Data(contentsOf: scored.database.blobs.url(for: found.digest)) == Data("scores".utf8))
    #expect(try scored.database.calibrations.find(Scored.key("2")) == nil)
    // A later pass takes its place.
    try scored.keep("others", job: "job_2")
    #expect(try scored.database.calibrations.find(scored.key)?.job == "job_2")
    #expect(scored.store.blobFiles.count == 3)
    #expect(try scored.database.storedBytes() == 7 + 4 + 6)
    #expect(try scored.database.examine().troubles == [])
    #expect(try scored.database.collectGarbage(Retention(days: 0, bytes: 0)).setAside.files == 0)
}

@Test func whatWasScoredWithoutPicturesGoesWithItsCheckpoint() throws {
    let scored = try Scored()
    let (database, key) = (scored.database, Scored.key("2"))
    try database.calibrations.keep(key, checkpoint: scored.checkpoint, dataset: nil, job: "job_1", database.blob("noise"))
    try database.datasets.delete(scored.dataset)
    #expect(try database.calibrations.find(key)?.size == 5)
    #expect(try database.examine().troubles == [])
    try database.checkpoints.delete(scored.checkpoint)
    #expect(try database.calibrations.find(key) == nil)
    #expect(scored.store.blobFiles.isEmpty)
}

@Test func whatWasScoredGoesWithWhatItWasScoredOf() throws {
    for isCheckpoint in [true, false] {
        let scored = try Scored()
        if isCheckpoint {
            try scored.database.checkpoints.delete(scored.checkpoint)
        } else {
            try scored.database.datasets.delete(scored.dataset)
        }
        #expect(try scored.database.calibrations.find(scored.key) == nil)
        #expect(scored.store.blobFiles.count == 1)
        // A job that ends its pass now keeps nothing of it.
        try scored.keep("late")
        #expect(try scored.database.calibrations.find(scored.key) == nil)
        #expect(scored.store.blobFiles.count == 1)
        #expect(try scored.database.examine().troubles == [])
    }
}

@Test func whatWasScoredGoesWhenNobodyHasUsedItForLong() throws {
    let scored = try Scored()
    let day: Int64 = 86_400_000
    let now = Timestamp.now().milliseconds
    try scored.database.execute("UPDATE checkpoints SET created_at = \(now - 4 * day)")
    try scored.database.execute("UPDATE datasets SET created_at = \(now - 4 * day)")
    try scored.database.execute("UPDATE calibrations SET used_at = \(now - 6 * day)")
    try scored.database.calibrations.noteUse(scored.key)
    #expect(try scored.database.collectGarbage(Retention(days: 5, bytes: 0)).removed == [])
    try scored.database.execute("UPDATE calibrations SET used_at = \(now - 6 * day)")
    #expect(try scored.database.collectGarbage(Retention(days: 5, bytes: 0)).removed == ["calibration \(scored.key.hex)"])
    #expect(try scored.database.calibrations.find(scored.key) == nil)
    #expect(scored.store.blobFiles.count == 2)
    // It is worth less than what it was made of: it goes first for want of room, whatever else is as old.
    try scored.keep("again")
    for (table, column) in [("checkpoints", "created_at"), ("datasets", "created_at"), ("calibrations", "used_at")] {
        try scored.database.execute("UPDATE \(table) SET \(column) = \(now - 4 * day)")
    }
    #expect(try scored.database.collectGarbage(Retention(days: 0, bytes: 11)).removed == ["calibration \(scored.key.hex)"])
}
