import Storage
import Testing

@Test func aDatasetOfManyPicturesComesBackInOrder() throws {
    let store = try Store()
    let pictures = (0..<100_000).map { DatasetRecord.Picture(path: "pictures/\(100_000 - $0).png", offset: Int64($0) * 700, length: 700) }
    let inserted = try store.database.datasets.insert(
        name: "many", descriptor: #"{"images":100000}"#, pack: store.database.blob("pack"), pictures: pictures)
    #expect(inserted.id.hasPrefix("data_"))
    #expect(inserted.packSize == 4)
    #expect(try store.database.datasets.get(inserted.id) == inserted)
    #expect(try store.database.datasets.pictures(of: inserted.id) == pictures)
    try store.database.datasets.delete(inserted.id)
    expect(.notFound(.dataset, id: inserted.id)) { _ = try store.database.datasets.pictures(of: inserted.id) }
    #expect(store.blobFiles == [])
}

@Test func aDatasetIsInUseWhileAJobIsLive() throws {
    let store = try Store()
    let dataset = try store.database.datasets.insert(name: "d", descriptor: "{}", pack: store.database.blob("p"), pictures: []).id
    let job = try store.database.job(dataset: dataset).id
    expect(.inUse(.dataset, id: dataset, jobs: [job])) { try store.database.datasets.delete(dataset) }
    try store.database.jobs.cancel(job)
    try store.database.datasets.delete(dataset)
    expect(.notFound(.dataset, id: dataset)) { try store.database.datasets.delete(dataset) }
}

@Test func datasetsAreListedFromTheNewest() throws {
    let store = try Store()
    let made = try (0..<3).map {
        try store.database.datasets.insert(name: "\($0)", descriptor: "{}", pack: store.database.blob("p"), pictures: []).id
    }
    #expect(try store.database.datasets.list(limit: 2).items.map(\.id) == [made[2], made[1]])
    #expect(try store.database.datasets.list(limit: 2, after: made[1]).items.map(\.id) == [made[0]])
    expect(.invalidCursor("x")) { _ = try store.database.datasets.list(limit: 2, after: "x") }
}
