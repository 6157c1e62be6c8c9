import Foundation
import Storage
import Testing

@Test func filesOfEvaluationsAreKeptByKind() throws {
    let store = try Store()
    let database = store.database
    let extractor = try database.extractors.insert(name: "e", descriptor: "{}", database.blob("weights"))
    let statistics = try database.statistics.insert(name: "s", descriptor: "{}", database.blob("numbers"))
    #expect(extractor.id.hasPrefix("extr_") && statistics.id.hasPrefix("stat_"))
    #expect(try database.extractors.get(extractor.id) == extractor)
    #expect(throws: StorageError.notFound(.statistics, id: extractor.id)) { try database.statistics.get(extractor.id) }
    #expect(throws: StorageError.notFound(.statistics, id: extractor.id)) { try database.statistics.delete(extractor.id) }
    #expect(throws: StorageError.invalidCursor(statistics.id)) { try database.extractors.list(limit: 1, after: statistics.id) }
    #expect(try database.extractors.list(limit: 5).items == [extractor] && database.statistics.list(limit: 5).items == [statistics])
    #expect(try database.extractors.find(extractor.digest.hex) == [extractor] && database.statistics.find(extractor.digest.hex) == [])
    #expect(try database.storedBytes() == 14 && database.examine().troubles == [] && database.examine().blobs == 2)
    #expect(try database.uses(of: statistics.digest) == ["\(statistics.id) statistics"])
    try database.extractors.delete(extractor.id)
    #expect(store.blobFiles == [statistics.digest.hex])
}

@Test func whatALiveJobIsJudgedByStays() throws {
    let store = try Store()
    let database = store.database
    let checkpoint = try database.checkpoint()
    let extractor = try database.extractors.insert(name: "e", descriptor: "{}", database.blob("weights"))
    let statistics = try database.statistics.insert(name: "s", descriptor: "{}", database.blob("numbers"))
    #expect(throws: StorageError.notFound(.extractor, id: "extr_none")) {
        try database.jobs.enqueue(JobSubmission(request: "{}", checkpoint: checkpoint, extractor: "extr_none"))
    }
    let job = try database.jobs.enqueue(
        JobSubmission(request: "{}", checkpoint: checkpoint, reference: statistics.id, extractor: extractor.id))
    #expect(throws: StorageError.inUse(.extractor, id: extractor.id, jobs: [job.id])) { try database.extractors.delete(extractor.id) }
    #expect(throws: StorageError.inUse(.statistics, id: statistics.id, jobs: [job.id])) { try database.statistics.delete(statistics.id) }
    try database.jobs.cancel(job.id)
    let day: Int64 = 86_400_000
    let now = Timestamp.now().milliseconds
    try database.execute("UPDATE evaluation_files SET created_at = \(now - 9 * day)")
    // The job has used them.
    #expect(try database.collectGarbage(Retention(days: 5, bytes: 0)).removed == [])
    try database.execute("UPDATE jobs SET created_at = \(now - 9 * day), finished_at = \(now - 8 * day)")
    let removed = try database.collectGarbage(Retention(days: 5, bytes: 0)).removed
    #expect(removed == [job.id, extractor.id, statistics.id])
    #expect(try database.extractors.list(limit: 1).items.isEmpty && database.examine().troubles == [])
}
