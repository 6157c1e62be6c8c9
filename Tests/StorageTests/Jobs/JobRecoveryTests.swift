import Storage
import Testing

@Test func aJobCutOffByACrashIsTriedAgain() throws {
    var id = ""
    try Store.restarting { database, _ in
        id = try database.job(in: .running)
        try database.jobs.progress(id, JobProgress(phase: .finetuning, completed: 5, total: 10), points: ["losses": [(1, "1")]])
        try database.jobs.setMetrics(id, section: "macs", value: "{}")
        try database.jobs.addFile(id, name: "samples.png", blob: database.blob("png"))
        _ = try database.job(in: .succeeded)
        _ = try database.job()
    } after: { database, folder in
        #expect(try database.jobs.get(id).status == .running)
        let recovered = try database.jobs.recover()
        #expect(recovered.map(\.id) == [id])
        let job = try database.jobs.get(id)
        #expect(job == recovered[0])
        #expect(job.status == .queued && job.attempt == 2 && job.phase == nil && job.progress == nil && job.startedAt == nil)
        #expect(try database.jobs.metrics(of: id).isEmpty && database.jobs.series("losses", of: id).isEmpty)
        #expect(try database.jobs.files(of: id).isEmpty)
        #expect(Store.blobFiles(in: folder).count == 1)
        #expect(try database.jobs.claim(worker: "w")?.id == id)
        #expect(try database.jobs.events(of: id).map(\.event) == ["queued", "started", "phase", "recovered", "started"])
        #expect(try database.jobs.events(of: id)[3].data == #"{"attempt":"2"}"#)
    }
}

@Test func aJobIsTriedOnlySoOften() throws {
    let store = try Store()
    let id = try store.database.job().id
    for attempt in 1...3 {
        #expect(try store.database.jobs.claim(worker: "w")?.attempt == attempt)
        try store.database.jobs.recover(maxAttempts: 3)
    }
    let job = try store.database.jobs.get(id)
    #expect(job.status == .failed && job.attempt == 3 && job.finishedAt != nil)
    #expect(job.failure?.code == "attempts_exhausted")
    #expect(
        job.failure?.detail == "the server stopped while the job was running, 3 times without its getting further; it is not tried again")
    #expect(try store.database.jobs.claim(worker: "w") == nil)
}

@Test func aJobThatWasToStopIsCancelledNotTriedAgain() throws {
    let store = try Store()
    let id = try store.database.job(in: .running)
    try store.database.jobs.cancel(id)
    #expect(try store.database.jobs.recover().map(\.status) == [.cancelled])
    #expect(try store.database.jobs.get(id).finishedAt != nil)
}

@Test func aJobWhoseWorkerLeavesKeepsItsAttempt() throws {
    let store = try Store()
    let id = try store.database.job(in: .running)
    try store.database.jobs.progress(id, JobProgress(phase: .scoring, completed: 1, total: 2), points: ["losses": [(0, "0")]])
    try store.database.jobs.release(id)
    let job = try store.database.jobs.get(id)
    #expect(job.status == .queued && job.attempt == 1 && job.progress == nil)
    #expect(try store.database.jobs.series("losses", of: id).isEmpty)
    #expect(try store.database.jobs.recover().isEmpty)
    let other = try store.database.jobs.claim(worker: "w")?.id
    #expect(other == id)
    try store.database.jobs.cancel(id)
    try store.database.jobs.release(id)
    #expect(try store.database.jobs.get(id).status == .cancelled)
}
