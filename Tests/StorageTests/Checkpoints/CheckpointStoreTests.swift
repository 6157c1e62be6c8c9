import Storage
import Testing

@Test func aCheckpointComesBackAsItWasStored() throws {
    let store = try Store()
    let files = [("z.json", try store.database.blob("1")), ("a/b.bin", try store.database.blob("23"))]
    let inserted = try store.database.checkpoints.insert(
        name: "ddpm", descriptor: #"{"macs":1}"#, files: files.map { (path: $0.0, blob: $0.1) })
    let found = try store.database.checkpoints.get(inserted.id)
    #expect(found == inserted)
    #expect(found.name == "ddpm" && found.descriptor == #"{"macs":1}"#)
    #expect(found.files.map(\.path) == ["z.json", "a/b.bin"])
    #expect(found.files.map(\.size) == [1, 2])
    #expect(found.id.hasPrefix("ckpt_"))
}

@Test func listsRunFromTheNewestInPages() throws {
    let store = try Store()
    let made = try (0..<5).map { try store.database.checkpoint("\($0)") }
    let checkpoints = store.database.checkpoints
    let first = try checkpoints.list(limit: 2)
    #expect(first.items.map(\.id) == [made[4], made[3]])
    #expect(first.hasMore)
    let last = try checkpoints.list(limit: 3, after: made[3])
    #expect(last.items.map(\.id) == [made[2], made[1], made[0]])
    #expect(!last.hasMore)
    #expect(try checkpoints.list(limit: 3, after: made[0]).items.isEmpty)
    expect(.invalidCursor("ckpt_0")) { _ = try checkpoints.list(limit: 1, after: "ckpt_0") }
}

@Test func anUnknownCheckpointIsNotFound() throws {
    let store = try Store()
    expect(.notFound(.checkpoint, id: "ckpt_1")) { _ = try store.database.checkpoints.get("ckpt_1") }
    expect(.notFound(.checkpoint, id: "ckpt_1")) { try store.database.checkpoints.delete("ckpt_1") }
}

@Test(arguments: JobStatus.allCases)
func aCheckpointIsInUseWhileAJobIsLive(status: JobStatus) throws {
    let store = try Store()
    let job = try store.database.jobs.get(store.database.job(in: status))
    if status.isLive {
        expect(.inUse(.checkpoint, id: job.checkpoint, jobs: [job.id])) { try store.database.checkpoints.delete(job.checkpoint) }
        #expect(store.blobFiles.count == 1)
    } else {
        try store.database.checkpoints.delete(job.checkpoint)
        #expect(store.blobFiles == [])
        #expect(try store.database.jobs.get(job.id) == job)
    }
}

@Test func aCheckpointThatALiveJobMadeIsInUse() throws {
    let store = try Store()
    let job = try store.database.job(in: .running)
    let made = try store.database.result("pruned", .pruned, of: job)
    expect(.inUse(.checkpoint, id: made, jobs: [job])) { try store.database.checkpoints.delete(made) }
    try store.database.jobs.complete(job)
    try store.database.checkpoints.delete(made)
}

@Test func aCheckpointThatCannotBeStoredLeavesNothing() throws {
    let store = try Store()
    func insert(_ descriptor: String, _ paths: [String]) throws {
        let blob = try store.database.blob("x")
        try store.database.checkpoints.insert(name: "n", descriptor: descriptor, files: paths.map { ($0, blob) })
    }
    #expect(throws: StorageError.self) { try insert("no JSON", ["a"]) }
    #expect(throws: StorageError.self) { try insert("{}", ["a", "a"]) }
    #expect(try store.database.checkpoints.list(limit: 1).items.isEmpty)
    #expect(store.blobFiles == [])
}
