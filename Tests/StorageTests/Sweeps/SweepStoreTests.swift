import Storage
import Testing

/// A store with a sweep of three jobs.
private struct Swept {
    let store: Store
    let sweep: Sweep
    var database: Database { store.database }
    var sweeps: SweepStore { store.database.sweeps }

    init() throws {
        store = try Store()
        let checkpoint = try store.database.checkpoint()
        sweep = try store.database.sweeps.enqueue(
            name: "s", request: #"{"a":1}"#,
            (0..<3).map { JobSubmission(name: "\($0)", request: "{}", checkpoint: checkpoint) })
    }

    /// Claims the next job, which must be this one of the sweep, and ends it.
    func run(_ place: Int, _ end: (JobQueue, String) throws -> Void = { try $0.complete($1) }) throws {
        let job = try #require(try database.jobs.claim(worker: "w"))
        #expect(job.id == sweep.jobs[place].id)
        try end(database.jobs, job.id)
    }
}

@Test func aSweepsJobsAreQueuedInTheirOrder() throws {
    let swept = try Swept()
    #expect(swept.sweep.id.hasPrefix("sweep_") && swept.sweep.name == "s" && swept.sweep.request == #"{"a":1}"#)
    #expect(swept.sweep.jobs.map(\.name) == ["0", "1", "2"] && swept.sweep.jobs.allSatisfy { $0.sweep == swept.sweep.id })
    #expect(try swept.sweeps.get(swept.sweep.id) == swept.sweep)
    #expect(try swept.sweeps.list(limit: 5).items == [swept.sweep])
    expect(.notFound(.sweep, id: "sweep_1")) { _ = try swept.sweeps.get("sweep_1") }
    expect(.invalidCursor("x")) { _ = try swept.sweeps.list(limit: 5, after: "x") }
}

@Test func aSweepIsQueuedWholeOrNotAtAll() throws {
    let store = try Store()
    let good = JobSubmission(request: "{}", checkpoint: try store.database.checkpoint())
    expect(.notFound(.checkpoint, id: "ckpt_1")) {
        _ = try store.database.sweeps.enqueue(request: "{}", [good, JobSubmission(request: "{}", checkpoint: "ckpt_1")])
    }
    #expect(try store.database.sweeps.list(limit: 5).items.isEmpty && store.database.jobs.list(limit: 5).items.isEmpty)
}

@Test func aSweepsJobsRunOneAfterAnother() throws {
    let swept = try Swept()
    let jobs = swept.database.jobs
    let first = try #require(try jobs.claim(worker: "1"))
    // Another worker takes what is of no sweep, or of another.
    #expect(try jobs.claim(worker: "2") == nil)
    let other = try swept.database.job().id
    #expect(try jobs.claim(worker: "2")?.id == other)
    #expect(try jobs.claim(worker: "3") == nil)
    try jobs.complete(first.id)
    #expect(try jobs.claim(worker: "3")?.id == swept.sweep.jobs[1].id)
}

@Test func aSweepsStatusIsThatOfItsJobs() throws {
    let swept = try Swept()
    func status() throws -> JobStatus { try swept.sweeps.get(swept.sweep.id).status }
    #expect(try status() == .queued)
    let first = try #require(try swept.database.jobs.claim(worker: "w")).id
    #expect(try status() == .running)
    try swept.database.jobs.complete(first)
    // Between two of them it goes on.
    #expect(try status() == .running)
    #expect(try swept.sweeps.get(swept.sweep.id).finishedAt == nil)
    try swept.run(1) { try $0.fail($1, JobFailure(code: "broken", detail: "It broke.")) }
    try swept.run(2)
    #expect(try status() == .failed)
    let ended = try swept.sweeps.get(swept.sweep.id)
    #expect(ended.finishedAt == ended.jobs.compactMap(\.finishedAt).max())
}

@Test func allOfASweepIsPausedResumedAndCancelled() throws {
    let swept = try Swept()
    let id = swept.sweep.id
    try swept.run(0)
    func all(_ doing: String, _ verb: (String) throws(StorageError) -> Void) throws -> [JobStatus] {
        try swept.sweeps.forEachLiveJob(id, doing: doing, verb).jobs.map(\.status)
    }
    let jobs = swept.database.jobs
    #expect(try all("pause") { (id: String) throws(StorageError) in _ = try jobs.pause(id) } == [.succeeded, .paused, .paused])
    #expect(try swept.sweeps.get(id).status == .paused)
    #expect(try jobs.claim(worker: "w") == nil)
    #expect(try all("resume") { (id: String) throws(StorageError) in _ = try jobs.resume(id) } == [.succeeded, .queued, .queued])
    #expect(try all("cancel") { (id: String) throws(StorageError) in _ = try jobs.cancel(id) } == [.succeeded, .cancelled, .cancelled])
    #expect(try swept.sweeps.get(id).status == .cancelled)
    expect(.wrongState(job: id, doing: "cancel", expected: [.queued, .running, .paused], found: .cancelled)) {
        _ = try all("cancel") { (_: String) throws(StorageError) in }
    }
}

@Test func aSweepGoesWithTheLastOfItsJobs() throws {
    let swept = try Swept()
    let id = swept.sweep.id
    expect(.wrongState(job: id, doing: "delete", expected: [.succeeded, .failed, .cancelled], found: .queued)) {
        try swept.sweeps.delete(id)
    }
    for place in 0..<3 { try swept.run(place) }
    try swept.database.jobs.delete(swept.sweep.jobs[1].id)
    #expect(try swept.sweeps.get(id).jobs.map(\.name) == ["0", "2"])
    try swept.database.jobs.delete(swept.sweep.jobs[0].id)
    try swept.database.jobs.delete(swept.sweep.jobs[2].id)
    expect(.notFound(.sweep, id: id)) { _ = try swept.sweeps.get(id) }

    let other = try Swept()
    for place in 0..<3 { try other.run(place) }
    try other.sweeps.delete(other.sweep.id)
    #expect(try other.sweeps.list(limit: 5).items.isEmpty && other.database.jobs.list(limit: 5).items.isEmpty)
    #expect(try other.database.examine().troubles == [])
}
