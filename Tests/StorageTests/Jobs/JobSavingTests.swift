import Foundation
import Storage
import Testing

private let half = JobProgress(phase: .scoring, completed: 5, total: 10, overall: 0.25)

@Test func aJobCutOffByACrashGoesOnFromItsLastSave() throws {
    var (id, digest) = ("", BlobDigest(hex: String(repeating: "0", count: 64)))
    try Store.restarting { database, _ in
        id = try database.job(in: .running)
        try database.jobs.save(id, JobProgress(phase: .scoring, completed: 1, total: 10), state: database.blob("older"))
        let state = try database.blob("state")
        digest = state.digest
        try database.jobs.save(id, half, points: ["losses": [(1, "1"), (2, "2")]], state: state)
        try database.jobs.setMetrics(id, section: "macs", value: "{}")
        try database.jobs.progress(id, JobProgress(phase: .scoring, completed: 7, total: 10, overall: 0.35), points: ["losses": [(3, "3")]])
    } after: { database, folder in
        // The checkpoint it started from, and the later state.
        #expect(Store.blobFiles(in: folder).count == 2)
        let job = try #require(try database.jobs.recover().first)
        #expect(job.status == .queued && job.attempt == 2 && job.phase == nil && job.progress == half)
        let save = try #require(try database.jobs.saved(id))
        #expect(save.phase == .scoring && save.completed == 5 && save.digest == digest && save.size == 5)
        #expect(try Data(contentsOf: database.blobs.url(for: save.digest)) == Data("state".utf8))
        #expect(try database.jobs.metrics(of: id) == ["macs": "{}"])
        #expect(try database.jobs.claim(worker: "w")?.id == id)
        try database.jobs.cutSeries("losses", of: id, after: 2)
        #expect(try database.jobs.series("losses", of: id) == ["1", "2"])
        try database.jobs.cutSeries("losses", of: id, after: nil)
        #expect(try database.jobs.series("losses", of: id).isEmpty)
    }
}

@Test(arguments: ["result", "complete", "fail", "stop", "cancel"])
func aSaveGoesWhenItsPhaseIsDoneOrTheJobEnds(how: String) throws {
    let store = try Store()
    let jobs = store.database.jobs
    let id = try store.database.job(in: .running)
    try jobs.save(id, half, state: store.database.blob("state"))
    #expect(store.blobFiles.count == 2)
    switch how {
    case "result": _ = try store.database.result("weights", .pruned, of: id)
    case "complete": try jobs.complete(id)
    case "fail": try jobs.fail(id, JobFailure(code: "c", detail: "d"))
    case "stop":
        try jobs.cancel(id)
        try jobs.stopped(id)
    default:
        try jobs.release(id)
        try jobs.cancel(id)
    }
    #expect(try jobs.saved(id) == nil)
    #expect(store.blobFiles.count == 1)
}

@Test func attemptsCountAgainstAJobOnlyWhileItGetsNoFurther() throws {
    let store = try Store()
    let jobs = store.database.jobs
    let id = try store.database.job().id
    /// One attempt that ends with the process, or with the worker's leave.
    func attempt(saving completed: Int? = nil, released: Bool = false) throws -> Job {
        #expect(try jobs.claim(worker: "w")?.id == id)
        if let completed {
            let progress = JobProgress(phase: .finetuning, completed: completed, total: 10)
            try jobs.save(id, progress, state: store.database.blob("\(completed)"))
        }
        if released { try jobs.release(id) } else { try jobs.recover(maxAttempts: 2) }
        return try jobs.get(id)
    }
    for completed in 1...4 { #expect(try attempt(saving: completed).attempt == completed + 1) }
    #expect(try attempt().status == .queued)
    for _ in 0..<3 { #expect(try attempt(released: true).attempt == 6) }
    let job = try attempt()
    #expect(job.status == .failed && job.attempt == 6 && job.failure?.code == "attempts_exhausted")
    #expect(job.failure?.detail.contains("2 times without its getting further, the last time at finetuning 4 of 10") == true)
}

@Test func aResultIsProgressAndIsNotMadeAgain() throws {
    let store = try Store()
    let jobs = store.database.jobs
    let id = try store.database.job(in: .running)
    let pruned = try store.database.result("pruned", .pruned, of: id)
    try jobs.setMetrics(id, section: "macs", value: "{}")
    let job = try #require(try jobs.recover(maxAttempts: 1).first)
    #expect(job.status == .queued && job.resultPruned == pruned && job.progress == nil)
    #expect(try jobs.metrics(of: id) == ["macs": "{}"])
}

@Test func aJobIsPausedAndResumed() throws {
    let store = try Store()
    let jobs = store.database.jobs
    let (first, second) = (try store.database.job().id, try store.database.job().id)
    #expect(try jobs.pause(first).status == .paused)
    #expect(try jobs.claim(worker: "w")?.id == second)
    #expect(try jobs.pause(second).pauseRequested)
    #expect(try jobs.pause(second).status == .running)
    #expect(try jobs.stopRequest(second) == .pause)
    #expect(try !jobs.resume(second).pauseRequested)
    #expect(try jobs.stopRequest(second) == nil)
    try jobs.pause(second)
    try jobs.save(second, half, state: store.database.blob("state"))
    try jobs.release(second)
    let paused = try jobs.get(second)
    #expect(paused.status == .paused && !paused.pauseRequested && paused.attempt == 1 && paused.progress == half)
    #expect(try jobs.claim(worker: "w") == nil)
    #expect(try [first, second].map { try jobs.resume($0).status } == [.queued, .queued])
    // Each has its old place in the queue.
    #expect(try jobs.claim(worker: "w")?.id == first)
    #expect(
        try jobs.events(of: second).map(\.event) == [
            "queued", "started", "pause_requested", "resumed", "pause_requested", "phase", "paused", "resumed",
        ])
}

@Test func aPauseThatTheProcessDidNotLiveToSeeComesAbout() throws {
    let store = try Store()
    let id = try store.database.job(in: .running)
    try store.database.jobs.pause(id)
    #expect(try store.database.jobs.recover().map(\.status) == [.paused])
}

@Test func aCancelGoesBeforeAPause() throws {
    let store = try Store()
    let jobs = store.database.jobs
    let id = try store.database.job(in: .running)
    try jobs.pause(id)
    try jobs.cancel(id)
    #expect(try jobs.stopRequest(id) == .cancel)
    try jobs.release(id)
    #expect(try jobs.get(id).status == .cancelled)
}
