import Storage
import Testing

@Test func aJobIsQueuedAsItWasAskedFor() throws {
    let store = try Store()
    let checkpoint = try store.database.checkpoint()
    let job = try store.database.jobs.enqueue(
        .init(name: "n", metadata: #"{"a":"b"}"#, priority: 3, request: #"{"pruning":null}"#, checkpoint: checkpoint))
    #expect(job == (try store.database.jobs.get(job.id)))
    #expect(job.id.hasPrefix("job_"))
    #expect(job.name == "n" && job.metadata == #"{"a":"b"}"# && job.priority == 3 && job.request == #"{"pruning":null}"#)
    #expect(job.status == .queued && job.attempt == 1 && job.checkpoint == checkpoint && job.dataset == nil)
    #expect(job.phase == nil && job.progress == nil && job.startedAt == nil && job.finishedAt == nil && job.failure == nil)
}

@Test func aJobNeedsWhatItNames() throws {
    let store = try Store()
    let checkpoint = try store.database.checkpoint()
    expect(.notFound(.checkpoint, id: "ckpt_1")) { _ = try store.database.jobs.enqueue(.init(request: "{}", checkpoint: "ckpt_1")) }
    expect(.notFound(.dataset, id: "data_1")) {
        _ = try store.database.jobs.enqueue(.init(request: "{}", checkpoint: checkpoint, dataset: "data_1"))
    }
    #expect(try store.database.jobs.list(limit: 1).items.isEmpty)
}

@Test func theHighestPriorityIsClaimedFirstAndThenTheOldest() throws {
    let store = try Store()
    let made = try [0, 5, 0, 5, -1].map { try store.database.job(priority: $0).id }
    var claimed: [String] = []
    while let job = try store.database.jobs.claim(worker: "w") {
        #expect(job.status == .running && job.worker == "w" && job.startedAt != nil)
        claimed.append(job.id)
    }
    #expect(claimed == [1, 3, 0, 2, 4].map { made[$0] })
}

@Test func manyWorkersClaimEachJobOnce() async throws {
    let store = try Store()
    let made = try (0..<20).map { _ in try store.database.job().id }
    let database = store.database
    let claimed = try await withThrowingTaskGroup(of: [String].self) { group in
        for worker in 0..<4 {
            group.addTask {
                var ids: [String] = []
                while let job = try database.jobs.claim(worker: "\(worker)") { ids.append(job.id) }
                return ids
            }
        }
        return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(claimed.sorted() == made)
}

@Test func jobsAreListedByState() throws {
    let store = try Store()
    let ids = try Dictionary(
        uniqueKeysWithValues: [JobStatus.failed, .succeeded, .cancelled, .running, .paused, .queued].map {
            ($0, try store.database.job(in: $0))
        })
    for status in JobStatus.allCases {
        #expect(try store.database.jobs.list(status: status, limit: 10).items.map(\.id) == [ids[status]!])
    }
    #expect(try store.database.jobs.list(limit: 10).items.map(\.id) == ids.values.sorted(by: >))
    #expect(try store.database.jobs.counts() == Dictionary(uniqueKeysWithValues: JobStatus.allCases.map { ($0, 1) }))
    expect(.invalidCursor("job_x")) { _ = try store.database.jobs.list(limit: 1, after: "job_x") }
}

/// Every verb in every state: the state after it, or nil where it is refused (and changes nothing).
@Test(
    arguments: [
        ("cancel", [.queued: .cancelled, .paused: .cancelled, .running: .running]),
        ("progress", [.running: .running]), ("complete", [.running: .succeeded]), ("fail", [.running: .failed]),
        ("pause", [.queued: .paused, .paused: .paused, .running: .running]),
        ("resume", [.queued: .queued, .paused: .queued, .running: .running]),
        ("release", [.running: .queued]), ("addResult", [.running: .running]), ("setMetrics", [.running: .running]),
        ("append", [.running: .running]), ("addFile", [.running: .running]), ("stopped", [:]), ("save", [.running: .running]),
        ("cutSeries", [.running: .running]), ("keep", [.running: .running]),
    ] as [(String, [JobStatus: JobStatus])])
func everyVerbKeepsToItsStates(verb: String, allowed: [JobStatus: JobStatus]) throws {
    for status in JobStatus.allCases {
        let store = try Store()
        let jobs = store.database.jobs
        let id = try store.database.job(in: status)
        let before = try jobs.get(id)
        let events = try jobs.events(of: id).count
        func call() throws {
            switch verb {
            case "cancel": try jobs.cancel(id)
            case "progress": try jobs.progress(id, JobProgress(phase: .scoring, completed: 1, total: 2), points: ["losses": [(1, "{}")]])
            case "complete": try jobs.complete(id)
            case "fail": try jobs.fail(id, JobFailure(code: "c", detail: "d"))
            case "release": try jobs.release(id)
            case "pause": try jobs.pause(id)
            case "resume": try jobs.resume(id)
            case "addResult": _ = try store.database.result("r", .pruned, of: id)
            case "save": try jobs.save(id, JobProgress(phase: .scoring, completed: 1, total: 2), state: store.database.blob("s"))
            case "keep": try jobs.keep(id, .encoding, store.database.blob("k"))
            case "cutSeries": try jobs.cutSeries("losses", of: id, after: nil)
            case "setMetrics": try jobs.setMetrics(id, section: "macs", value: "{}")
            case "append": try jobs.append([(1, "{}")], toSeries: "losses", of: id)
            case "addFile": try jobs.addFile(id, name: "f", blob: store.database.blob("f"))
            default: try jobs.stopped(id)
            }
        }
        if let after = allowed[status] {
            try call()
            #expect(try jobs.get(id).status == after, "\(verb) in \(status)")
            #expect(try (jobs.get(id).finishedAt != nil) == !after.isLive)
        } else {
            let error = #expect(throws: StorageError.self, "\(verb) in \(status)") { try call() }
            guard case .wrongState(job: id, _, _, found: status) = error else {
                Issue.record("\(verb) in \(status): \(String(describing: error))")
                continue
            }
            #expect(try jobs.get(id) == before)
            #expect(try jobs.events(of: id).count == events)
            #expect(try jobs.metrics(of: id).isEmpty && jobs.series("losses", of: id).isEmpty && jobs.files(of: id).isEmpty)
            #expect(try jobs.kept(id, .encoding) == nil)
            #expect(try jobs.saved(id) == nil && store.database.checkpoints.list(limit: 2).items.count == 1)
            #expect(store.blobFiles.count == 1)
        }
    }
}

@Test(arguments: JobStatus.allCases)
func onlyFinishedJobsAreDeleted(status: JobStatus) throws {
    let store = try Store()
    let id = try store.database.job(in: status)
    if status.isLive {
        expect(.wrongState(job: id, doing: "delete", expected: [.succeeded, .failed, .cancelled], found: status)) {
            try store.database.jobs.delete(id)
        }
    } else {
        try store.database.jobs.delete(id)
        expect(.notFound(.job, id: id)) { _ = try store.database.jobs.get(id) }
    }
}

@Test func anUnknownJobIsNotFoundByAnyVerb() throws {
    let store = try Store()
    let jobs = store.database.jobs
    let verbs: [(String) throws -> Void] = [
        { _ = try jobs.get($0) }, { try jobs.cancel($0) }, { try jobs.delete($0) }, { try jobs.complete($0) }, { try jobs.release($0) },
        { try jobs.fail($0, JobFailure(code: "c", detail: "d")) }, { _ = try jobs.stopRequest($0) }, { try jobs.pause($0) },
        { try jobs.resume($0) }, { _ = try jobs.events(of: $0) },
        { _ = try jobs.metrics(of: $0) }, { _ = try jobs.series("s", of: $0) }, { _ = try jobs.files(of: $0) }, { try jobs.stopped($0) },
        { try jobs.progress($0, JobProgress(phase: .loading, completed: 0, total: 1)) },
        { try jobs.save($0, JobProgress(phase: .scoring, completed: 0, total: 1), state: store.database.blob("s")) },
        { try jobs.cutSeries("losses", of: $0, after: nil) }, { try jobs.keep($0, .encoding, store.database.blob("k")) },
    ]
    for verb in verbs { expect(.notFound(.job, id: "job_1")) { try verb("job_1") } }
}

@Test func aRunningJobIsAskedToStopAndThenStops() throws {
    let store = try Store()
    let jobs = store.database.jobs
    let id = try store.database.job(in: .running)
    #expect(try jobs.stopRequest(id) == nil)
    #expect(try jobs.cancel(id).cancelRequested)
    #expect(try jobs.cancel(id).status == .running)
    #expect(try jobs.stopRequest(id) == .cancel)
    #expect(try jobs.progress(id, JobProgress(phase: .pruning, completed: 0, total: 1)) == .cancel)
    try jobs.stopped(id)
    let job = try jobs.get(id)
    #expect(job.status == .cancelled && !job.cancelRequested && job.phase == nil && job.finishedAt != nil)
    #expect(try jobs.events(of: id).map(\.event) == ["queued", "started", "cancel_requested", "phase", "cancelled"])
}

@Test func aJobThatWasToStopButFinishedHasSucceeded() throws {
    let store = try Store()
    let id = try store.database.job(in: .running)
    try store.database.jobs.cancel(id)
    try store.database.jobs.complete(id)
    #expect(try store.database.jobs.get(id).status == .succeeded)
}

@Test func aFailedJobSaysWhy() throws {
    let store = try Store()
    let id = try store.database.job(in: .failed)
    #expect(try store.database.jobs.get(id).failure == JobFailure(code: "broken", detail: "It broke."))
    let event = try #require(try store.database.jobs.events(of: id).last)
    #expect(event.event == "failed")
    #expect(event.data == #"{"code":"broken","detail":"It broke."}"#)
}

/// The schema refuses by itself what no verb would do.
@Test(arguments: [
    "status = 'done'", "status = 'running'", "status = 'succeeded'", "status = 'failed', finished_at = 1, started_at = 1",
    "phase = 'scoring'", "finished_at = 1", "attempt = 0", "cancel_requested = 1", "request = 'no JSON'", "worker = 'w'",
    "error_code = 'c', error_detail = 'd'", "priority = 'high'", "pause_requested = 1", "fruitless = -1",
])
func theSchemaHoldsTheStateRules(change: String) throws {
    let store = try Store()
    let id = try store.database.job(in: .queued)
    #expect(throws: StorageError.self) { try store.database.execute("UPDATE jobs SET \(change) WHERE id = '\(id)'") }
}

@Test(arguments: JobStatus.allCases.filter { !$0.isLive })
func theSchemaKeepsFinishedJobsFinished(status: JobStatus) throws {
    let store = try Store()
    let id = try store.database.job(in: status)
    let back = "status = 'queued', finished_at = NULL, error_code = NULL, error_detail = NULL"
    let error = #expect(throws: StorageError.self) { try store.database.execute("UPDATE jobs SET \(back) WHERE id = '\(id)'") }
    #expect(error.map(String.init(describing:))?.contains("a finished job stays as it ended") == true)
}
