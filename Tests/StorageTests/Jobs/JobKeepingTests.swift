import Foundation
import Storage
import Testing

private let half = JobProgress(phase: .scoring, completed: 5, total: 10)

@Test func whatAPhaseLeftOutlivesACrash() throws {
    var (id, digest) = ("", BlobDigest(hex: String(repeating: "0", count: 64)))
    try Store.restarting { database, _ in
        id = try database.job(in: .running)
        try database.jobs.keep(id, .encoding, database.blob("older"))
        let latents = try database.blob("latents")
        digest = latents.digest
        try database.jobs.setMetrics(id, section: "timing", value: "{}")
        try database.jobs.keep(id, .encoding, latents)
        try database.jobs.progress(id, half, points: ["losses": [(1, "1")]])
    } after: { database, folder in
        // The checkpoint it started from, and what was kept last.
        #expect(Store.blobFiles(in: folder).count == 2)
        let job = try #require(try database.jobs.recover(maxAttempts: 1).first)
        #expect(job.status == .queued && job.attempt == 2 && job.progress == nil)
        let kept = try #require(try database.jobs.kept(id, .encoding))
        #expect(kept.digest == digest && kept.size == 7)
        #expect(try Data(contentsOf: database.blobs.url(for: kept.digest)) == Data("latents".utf8))
        #expect(try database.jobs.kept(id, .scoring) == nil)
        // What was noted belongs to a phase that is not run again, or to one that drops it as it begins.
        #expect(try database.jobs.metrics(of: id) == ["timing": "{}"])
        #expect(try database.jobs.series("losses", of: id) == ["1"])
        let troubles = try database.examine().troubles
        #expect(troubles == [])
    }
}

@Test func whatAPhaseLeftStaysWhileTheJobIsLive() throws {
    let store = try Store()
    let jobs = store.database.jobs
    let id = try store.database.job(in: .running)
    try jobs.keep(id, .encoding, store.database.blob("latents"))
    let kept = try jobs.kept(id, .encoding)
    #expect(kept != nil)
    /// The state in which it is found after each of these.
    func found(_ status: JobStatus, after step: () throws -> Void) throws {
        try step()
        #expect(try jobs.get(id).status == status && jobs.kept(id, .encoding) == kept)
    }
    try found(.running) { try jobs.save(id, half, state: store.database.blob("state")) }
    try found(.running) { _ = try store.database.result("pruned", .pruned, of: id) }
    try found(.running) { try jobs.keep(id, .pruning, store.database.blob("scores")) }
    try found(.queued) { try jobs.release(id) }
    try found(.paused) { try jobs.pause(id) }
    try found(.queued) { try jobs.resume(id) }
    try found(.running) { _ = try jobs.claim(worker: "w") }
    try found(.running) { try jobs.pause(id) }
    try found(.paused) { try jobs.release(id) }
    try found(.queued) { try jobs.resume(id) }
    try found(.running) { _ = try jobs.claim(worker: "w") }
    try found(.queued) { try jobs.recover() }
    // What it started from, its result, and what two phases left.
    #expect(store.blobFiles.count == 4)
}

@Test(arguments: ["complete", "fail", "stop", "cancel", "recover"])
func whatPhasesLeftGoesWhenTheJobEnds(how: String) throws {
    let store = try Store()
    let jobs = store.database.jobs
    let id = try store.database.job(in: .running)
    try jobs.keep(id, .encoding, store.database.blob("latents"))
    try jobs.keep(id, .scoring, store.database.blob("scores"))
    #expect(store.blobFiles.count == 3)
    switch how {
    case "complete": try jobs.complete(id)
    case "fail": try jobs.fail(id, JobFailure(code: "c", detail: "d"))
    case "stop":
        try jobs.cancel(id)
        try jobs.stopped(id)
    case "cancel":
        try jobs.release(id)
        try jobs.cancel(id)
    default:
        try jobs.cancel(id)
        try jobs.recover()
    }
    #expect(try !jobs.get(id).status.isLive)
    #expect(try jobs.kept(id, .encoding) == nil && jobs.kept(id, .scoring) == nil)
    #expect(store.blobFiles.count == 1)
}

@Test func aPhaseThatIsDoneNeedsItsSaveNoMore() throws {
    let store = try Store()
    let jobs = store.database.jobs
    let id = try store.database.job(in: .running)
    try jobs.save(id, half, state: store.database.blob("state"))
    // The save is another phase's.
    try jobs.keep(id, .encoding, store.database.blob("latents"))
    #expect(try jobs.saved(id)?.phase == .scoring)
    try jobs.keep(id, .scoring, store.database.blob("scores"))
    #expect(try jobs.saved(id) == nil)
    #expect(store.blobFiles.count == 3)
}

@Test func whatAPhaseLeavesCountsAsGettingFurther() throws {
    let store = try Store()
    let jobs = store.database.jobs
    let id = try store.database.job().id
    func attempt(keeping text: String? = nil) throws -> JobStatus {
        #expect(try jobs.claim(worker: "w")?.id == id)
        if let text { try jobs.keep(id, .encoding, store.database.blob(text)) }
        try jobs.recover(maxAttempts: 2)
        return try jobs.get(id).status
    }
    for text in ["a", "b", "c"] { #expect(try attempt(keeping: text) == .queued) }
    #expect(try [attempt(), attempt()] == [.queued, .failed])
}

/// No verb leads there, but the doctor tells of it, and the operator deletes the job.
@Test func whatAnEndedJobStillKeepsGoesWithIt() throws {
    let store = try Store()
    let id = try store.database.job(in: .running)
    try store.database.jobs.keep(id, .encoding, store.database.blob("latents"))
    try store.database.execute("UPDATE jobs SET status = 'cancelled', finished_at = 1, worker = NULL")
    #expect(try store.database.examine().troubles.count == 1)
    try store.database.jobs.delete(id)
    #expect(try store.database.examine().troubles == [])
    #expect(store.blobFiles.count == 1)
}

/// The same bytes are stored once.
@Test func whatTwoJobsLeftStaysUntilBothHaveEnded() throws {
    let store = try Store()
    let jobs = store.database.jobs
    let ids = try (0..<2).map { _ in try store.database.job(in: .running) }
    for id in ids { try jobs.keep(id, .encoding, store.database.blob("latents")) }
    #expect(store.blobFiles.count == 2)
    try jobs.complete(ids[0])
    #expect(try store.blobFiles.count == 2 && jobs.kept(ids[1], .encoding) != nil)
    try jobs.complete(ids[1])
    #expect(store.blobFiles.count == 1)
}

@Test func aStoreOfAVersionBeforeKeepsWhatItHas() throws {
    var id = ""
    try Store.restarting { database, _ in
        id = try database.job(in: .running)
        try database.jobs.save(id, half, state: database.blob("state"))
        try database.execute(
            "DROP TABLE job_keepings; DELETE FROM grdb_migrations WHERE identifier = 'what phases leave for others'")
    } after: { database, _ in
        #expect(try database.jobs.recover().map(\.id) == [id])
        #expect(try database.jobs.saved(id)?.completed == 5 && database.jobs.kept(id, .encoding) == nil)
        _ = try database.jobs.claim(worker: "w")
        try database.jobs.keep(id, .encoding, database.blob("latents"))
        #expect(try database.jobs.kept(id, .encoding)?.size == 7)
        let troubles = try database.examine().troubles
        #expect(troubles == [])
    }
}

@Test func whatAPhaseLeftIsToldByItsName() throws {
    let store = try Store()
    let id = try store.database.job(in: .running)
    let blob = try store.database.blob("latents")
    try store.database.jobs.keep(id, .encoding, blob)
    #expect(try store.database.uses(of: blob.digest) == ["\(id) encoding"])
    let (files, bytes) = (store.blobFiles.count, try store.database.storedBytes())
    try store.database.jobs.complete(id)
    #expect(try store.database.storedBytes() == bytes - 7)
    // A caller holds it still.
    withExtendedLifetime(blob) { #expect(store.blobFiles.count == files) }
}
