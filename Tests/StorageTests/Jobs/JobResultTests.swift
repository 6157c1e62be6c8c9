import Foundation
import Storage
import Testing

@Test func progressIsKeptAndPhasesAreEvents() throws {
    let store = try Store()
    let jobs = store.database.jobs
    let id = try store.database.job(in: .running)
    try jobs.progress(id, JobProgress(phase: .scoring, completed: 1, total: 4, remaining: 2.5))
    try jobs.progress(id, JobProgress(phase: .scoring, completed: 2, total: 4))
    try jobs.progress(id, JobProgress(phase: .pruning, completed: 0, total: 0))
    #expect(try jobs.get(id).progress?.fraction == 0)
    try jobs.progress(id, JobProgress(phase: .finetuning, completed: 3, total: 4, overall: 0.9, remaining: 7))
    let job = try jobs.get(id)
    #expect(job.phase == .finetuning)
    #expect(job.progress == JobProgress(phase: .finetuning, completed: 3, total: 4, fraction: 0.75, overall: 0.9, remaining: 7))
    let events = try jobs.events(of: id)
    #expect(events.map(\.event) == ["queued", "started", "phase", "phase", "phase"])
    #expect(events.map(\.id) == events.map(\.id).sorted())
    #expect(try jobs.events(of: id, after: events[2].id).map(\.data) == [#"{"phase":"pruning"}"#, #"{"phase":"finetuning"}"#])
    try jobs.complete(id)
    let ended = try jobs.get(id)
    #expect(ended.phase == nil && ended.progress?.completed == 3 && ended.progress?.overall == 0.9 && ended.progress?.remaining == nil)
}

@Test func sectionsOfMetricsAreReplacedByName() throws {
    let store = try Store()
    let id = try store.database.job(in: .running)
    try store.database.jobs.setMetrics(id, section: "macs", value: "[1]")
    try store.database.jobs.setMetrics(id, section: "macs", value: "[2]")
    try store.database.jobs.setMetrics(id, section: "size", value: "{}")
    #expect(throws: StorageError.self) { try store.database.jobs.setMetrics(id, section: "size", value: "no JSON") }
    #expect(try store.database.jobs.metrics(of: id) == ["macs": "[2]", "size": "{}"])
}

@Test(arguments: [(0, 5), (1, 5), (2, 2), (5, 5), (6, 5), (1000, 2), (4321, 1000), (1001, 1000), (3, 1)])
func aLongSeriesIsReadAsEvenlySpacedPoints(count: Int, limit: Int) throws {
    let store = try Store()
    let id = try store.database.job(in: .running)
    try store.database.jobs.append((0..<count).reversed().map { (x: $0 * 3, point: String($0)) }, toSeries: "losses", of: id)
    #expect(try store.database.jobs.series("losses", of: id) == (0..<count).map(String.init))
    let points = try store.database.jobs.series("losses", of: id, limit: limit).compactMap(Int.init)
    #expect(points.count == min(count, max(2, limit)))
    #expect(points.first == (count > 0 ? 0 : nil) && points.last == (count > 0 ? count - 1 : nil))
    let gaps = Set(zip(points, points.dropFirst()).map { $1 - $0 })
    #expect((gaps.max() ?? 0) - (gaps.min() ?? 0) <= 1)
    #expect(try store.database.jobs.series("other", of: id).isEmpty)
}

@Test func aPointAtTheSamePlaceReplacesTheOldOne() throws {
    let store = try Store()
    let id = try store.database.job(in: .running)
    try store.database.jobs.append([(1, "a"), (2, "b")], toSeries: "losses", of: id)
    try store.database.jobs.append([(2, "c")], toSeries: "losses", of: id)
    #expect(try store.database.jobs.series("losses", of: id) == ["a", "c"])
}

@Test func aJobsFilesGoWithIt() throws {
    let store = try Store()
    let jobs = store.database.jobs
    let id = try store.database.job(in: .running)
    try jobs.addFile(id, name: "b.png", blob: store.database.blob("old"))
    try jobs.addFile(id, name: "b.png", blob: store.database.blob("new"))
    try jobs.addFile(id, name: "a.png", blob: store.database.blob("a"))
    #expect(try jobs.files(of: id).map(\.name) == ["a.png", "b.png"])
    let file = try jobs.file("b.png", of: id)
    #expect(try Data(contentsOf: store.database.blobs.url(for: file.digest)) == Data("new".utf8))
    #expect(store.blobFiles.count == 3)
    expect(.notFound(.file, id: "c.png")) { _ = try jobs.file("c.png", of: id) }
    try jobs.complete(id)
    try jobs.delete(id)
    #expect(store.blobFiles.count == 1)
}

@Test func whatAJobMadeIsKeptHoweverItEnds() throws {
    let store = try Store()
    let id = try store.database.job(in: .running)
    let pruned = try store.database.result("pruned", .pruned, of: id)
    #expect(try store.database.jobs.get(id).resultCheckpoint == pruned)
    let tuned = try store.database.result("tuned", .finetuned, of: id)
    expect(.inUse(.checkpoint, id: pruned, jobs: [id])) { try store.database.checkpoints.delete(pruned) }
    try store.database.jobs.fail(id, JobFailure(code: "not_finite", detail: "The loss is not finite."))
    let job = try store.database.jobs.get(id)
    #expect(job.resultPruned == pruned && job.resultCheckpoint == tuned)
    #expect(try store.database.checkpoints.get(tuned).name == "tuned")
}
