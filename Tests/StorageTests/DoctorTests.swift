import Foundation
import Storage
import Testing

@Test func aSoundStoreHasNoTroubles() throws {
    let store = try Store()
    _ = try store.database.job(in: .succeeded)
    let id = try store.database.job(in: .running)
    try store.database.jobs.save(id, JobProgress(phase: .scoring, completed: 1, total: 2), state: store.database.blob("state"))
    try store.database.jobs.keep(id, .encoding, store.database.blob("latents"))
    try store.database.jobs.addFile(id, name: "a.png", blob: store.database.blob("png"))
    let examination = try store.database.examine()
    #expect(examination.troubles == [] && examination.strays == 0)
    // And the manifest of each of the two checkpoints.
    #expect(examination.blobs == 6 && examination.bytes > Int64("weights".count + "state".count + "latents".count + "png".count))
}

/// Everything that can be wrong, and how the doctor says it.
@Test(arguments: [
    ("missing", "blob HEX: cannot read"), ("shorter", "blob HEX has 3 bytes, its row says 7"),
    ("changed", "blob HEX holds other bytes than its name says"),
    ("DELETE FROM checkpoints", "a job waits for a checkpoint that is gone"),
    ("UPDATE jobs SET dataset = 'data_1'", "a job waits for a dataset that is gone"),
    ("UPDATE jobs SET result_checkpoint = 'ckpt_1'", "a job goes on from a result that is gone"),
    ("DELETE FROM job_keepings; UPDATE jobs SET status = 'cancelled', finished_at = 1", "a job that has ended keeps a save"),
    (
        "DELETE FROM job_saves; UPDATE jobs SET status = 'cancelled', finished_at = 1",
        "a job that has ended keeps what a phase left for others"
    ),
    ("DELETE FROM checkpoint_files", "a checkpoint has no files"),
    ("UPDATE pictures SET length = 99", "a picture lies outside its pack"),
])
func whatIsWrongIsSaid(damage: String, trouble: String) throws {
    let store = try Store()
    let database = store.database
    let job = try database.job()
    let digest = try database.checkpoints.get(job.checkpoint).files[0].digest
    try database.datasets.insert(
        name: "d", descriptor: "{}", pack: database.blob("pack"), pictures: [.init(path: "a.png", offset: 0, length: 4)])
    _ = try database.jobs.claim(worker: "w")
    try database.jobs.save(job.id, JobProgress(phase: .scoring, completed: 1, total: 2), state: database.blob("state"))
    try database.jobs.keep(job.id, .encoding, database.blob("latents"))
    try database.jobs.release(job.id)
    #expect(try database.examine().troubles == [])
    let file = database.blobs.url(for: digest)
    switch damage {
    case "missing": try FileManager.default.removeItem(at: file)
    case "shorter": try Data("wei".utf8).write(to: file)
    case "changed": try Data("WEIGHTS".utf8).write(to: file)
    default: try database.execute(damage)
    }
    let troubles = try database.examine().troubles
    #expect(troubles.count == 1)
    #expect(troubles.first?.contains(trouble.replacingOccurrences(of: "HEX", with: digest.hex)) == true, "\(troubles)")
}

@Test func filesThatNothingRefersToAreCountedAndPutAside() throws {
    let store = try Store()
    _ = try store.database.checkpoint()
    let held = try store.database.blob("an upload in progress")
    let folder = store.folder.appendingPathComponent("blobs/ab")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for name in [String(repeating: "ab", count: 32), "abc"] { try Data("stray".utf8).write(to: folder.appendingPathComponent(name)) }
    #expect(try store.database.examine().strays == 3)
    #expect(try store.database.collectGarbage(Retention(days: 0, bytes: 0)).setAside.files == 2)
    let examination = try store.database.examine()
    #expect(examination.troubles == [] && store.blobFiles.count == 2)
    #expect(examination.aside.files == 2 && examination.aside.bytes == 10)
    withExtendedLifetime(held) {}
}

@Test func aDamagedBlobIsMendedByTheNextUploadOfTheSameBytes() throws {
    let store = try Store()
    let id = try store.database.checkpoint("weights")
    let file = store.database.blobs.url(for: try store.database.checkpoints.get(id).files[0].digest)
    try Data("wei".utf8).write(to: file)
    let again = try store.database.blob("weights")
    #expect(try Data(contentsOf: again.url) == Data("weights".utf8))
    #expect(store.blobFiles.count == 1)
}
