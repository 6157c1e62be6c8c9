import Foundation
import Storage
import Testing

/// The names and sizes of the files under `uploads/`.
private func files(_ folder: URL) throws -> [String: Int] {
    let uploads = folder.appendingPathComponent("uploads")
    var sizes: [String: Int] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: uploads.path) {
        sizes[name] = try Data(contentsOf: uploads.appendingPathComponent(name)).count
    }
    return sizes
}

@Test func anUploadOutlivesTheProcess() throws {
    var id = ""
    try Store.restarting { database, _ in
        let writer = try database.uploads.begin(length: 6, metadata: "m")
        try writer.write(Array("abc".utf8))
        id = try writer.commit().id
        // Never committed: a process that dies here leaves it in the file.
        try writer.write(Array("xy".utf8))
        #expect(writer.missing == 1)
    } leaving: { folder in
        let file = folder.appendingPathComponent("uploads/\(id)")
        #expect(try Data(contentsOf: file) == Data("abc".utf8))
        try Data("abcxy".utf8).write(to: file)
    } after: { database, folder in
        let upload = try database.uploads.get(id)
        #expect(upload.offset == 3)
        #expect(upload.metadata == "m")
        let writer = try database.uploads.resume(id, at: 3)
        try writer.write(Array("def".utf8))
        #expect(try writer.commit().isComplete)
        #expect(try Data(contentsOf: folder.appendingPathComponent("uploads/\(id)")) == Data("abcdef".utf8))
    }
}

@Test func aLargeUploadIsCommittedOnTheWay() throws {
    let store = try Store()
    let uploads = store.database.uploads
    let contents = Data((0..<(6 << 20)).map { UInt8(truncatingIfNeeded: $0 / 7) })
    let id = try uploads.begin(length: Int64(contents.count), metadata: "").commit().id
    do {
        let writer = try uploads.resume(id, at: 0)
        try writer.write(Array(contents[..<(4 << 20)]))
        writer.commitSoon()
        while try uploads.get(id).offset < 4 << 20 { sched_yield() }
        // Nobody is told of this any more.
        try writer.write(Array(contents[(4 << 20)...]))
    }
    #expect(try uploads.get(id).offset == 4 << 20)
    #expect(try files(store.folder) == [id: 4 << 20])
    do {
        let writer = try uploads.resume(id, at: 4 << 20)
        try writer.write(Array(contents[(4 << 20)...]))
        #expect(try writer.commit().isComplete)
    }
    #expect(try Data(contentsOf: store.folder.appendingPathComponent("uploads/\(id)")) == contents)
}

@Test func nothingIsLeftOfAnUploadThatNobodyWasToldOf() throws {
    let store = try Store()
    do {
        let writer = try store.database.uploads.begin(length: 6, metadata: "")
        try writer.write(Array("abc".utf8))
        #expect(try files(store.folder).count == 1)
    }
    #expect(try files(store.folder).isEmpty)
}

@Test func filesAndRowsThatLackEachOtherGoAtStartUp() throws {
    var ids: [String] = []
    try Store.restarting { database, _ in
        for _ in 0..<3 {
            let writer = try database.uploads.begin(length: 6, metadata: "")
            try writer.write(Array("abc".utf8))
            ids.append(try writer.commit().id)
        }
    } leaving: { folder in
        try FileManager.default.removeItem(at: folder.appendingPathComponent("uploads/\(ids[0])"))
        try Data("ab".utf8).write(to: folder.appendingPathComponent("uploads/\(ids[1])"))
        try Data("abc".utf8).write(to: folder.appendingPathComponent("uploads/upl_stray"))
    } after: { database, folder in
        let left = try files(folder)
        #expect(left == [ids[2]: 3])
        for id in ids.prefix(2) { expect(.notFound(.upload, id: id)) { _ = try database.uploads.get(id) } }
        let kept = try database.uploads.get(ids[2])
        #expect(kept.offset == 3)
    }
}

@Test func anExpiredUploadIsGone() throws {
    let store = try Store()
    let uploads = store.database.uploads
    let ids = try (0..<2).map { _ in try uploads.begin(length: 3, metadata: "").commit().id }
    try store.database.execute("UPDATE uploads SET expires_at = 1 WHERE id = '\(ids[0])'")
    expect(.notFound(.upload, id: ids[0])) { _ = try uploads.get(ids[0]) }
    expect(.notFound(.upload, id: ids[0])) { _ = try uploads.resume(ids[0], at: 0) }
    #expect(try uploads.removeExpired() == 1)
    #expect(try files(store.folder) == [ids[1]: 0])
}

@Test func anUploadThatIsWrittenToDoesNotExpire() throws {
    let store = try Store()
    let uploads = store.database.uploads
    let writer = try uploads.begin(length: 3, metadata: "")
    let id = try writer.commit().id
    try store.database.execute("UPDATE uploads SET expires_at = 1 WHERE id = '\(id)'")
    #expect(try uploads.removeExpired() == 0)
    try writer.write(Array("abc".utf8))
    try writer.commit()
    #expect(try uploads.get(id).isComplete)
}

@Test func anUploadHasOneUserAtATime() throws {
    let store = try Store()
    let uploads = store.database.uploads
    let writer = try uploads.begin(length: 0, metadata: "")
    let id = try writer.commit().id
    expect(.uploadBusy(id: id)) { _ = try uploads.resume(id, at: 0) }
    expect(.uploadBusy(id: id)) { _ = try uploads.take(id) }
    expect(.uploadBusy(id: id)) { try uploads.delete(id) }
    withExtendedLifetime(writer) {}
}

@Test func anUploadIsTakenWhenItIsWhole() throws {
    let store = try Store()
    let uploads = store.database.uploads
    let id = try {
        let writer = try uploads.begin(length: 3, metadata: "")
        return try writer.commit().id
    }()
    expect(.uploadIncomplete(id: id, offset: 0, length: 3)) { _ = try uploads.take(id) }
    expect(.wrongOffset(id: id, expected: 0, found: 1)) { _ = try uploads.resume(id, at: 1) }
    do {
        let writer = try uploads.resume(id, at: 0)
        try writer.write(Array("abc".utf8))
        try writer.commit()
    }
    let held = try uploads.take(id)
    #expect(try Data(contentsOf: URL(fileURLWithPath: held.path)) == Data("abc".utf8))
    try store.database.checkpoints.insert(name: "a", descriptor: "{}", files: [], consuming: held)
    #expect(try files(store.folder).isEmpty)
    expect(.notFound(.upload, id: id)) { _ = try uploads.get(id) }
}
