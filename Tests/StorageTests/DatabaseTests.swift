import Dispatch
import Foundation
import Storage
import Testing

@Test func commitsWaitForTheDisk() throws {
    let store = try Store()
    #expect(try store.database.synchronousLevel() == 2)
}

@Test func aFolderServesOneProcess() throws {
    let store = try Store()
    expect(.folderLocked(path: store.folder.path)) { _ = try Database(folder: store.folder) }
}

@Test func aFolderOfALaterVersionIsRefused() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)", isDirectory: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    do { try Database(folder: folder).execute("INSERT INTO grdb_migrations (identifier) VALUES ('v999')") }
    expect(.folderTooNew(path: folder.path)) { _ = try Database(folder: folder) }
}

@Test func rowsAndContentsOutliveTheProcess() throws {
    var id = ""
    try Store.restarting { database, _ in
        id = try database.checkpoint("abc")
    } after: { database, _ in
        let record = try database.checkpoints.get(id)
        #expect(try Data(contentsOf: database.blobs.url(for: record.files[0].digest)) == Data("abc".utf8))
    }
}

@Test func whatACrashLeftIsClearedAndWhatNoRowNamesIsPutAside() throws {
    let stray = String(repeating: "ab", count: 32)
    try Store.restarting { database, _ in
        _ = try database.checkpoint("kept")
    } leaving: { folder in
        try Data("half an upload".utf8).write(to: folder.appendingPathComponent("tmp/xyz"))
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("tmp/folder"), withIntermediateDirectories: true)
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("blobs/ab"), withIntermediateDirectories: true)
        try Data("no row".utf8).write(to: folder.appendingPathComponent("blobs/ab/\(stray)"))
        try Data("no digest".utf8).write(to: folder.appendingPathComponent("blobs/ab/abc"))
        #expect(Store.blobFiles(in: folder).count == 3)
    } after: { database, folder in
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("tmp").path) == [])
        let kept = try database.checkpoints.list(limit: 1).items[0].files[0].digest.hex
        #expect(Store.blobFiles(in: folder) == [kept])
        #expect(database.opening.setAside.files == 2 && database.opening.setAside.bytes == 15)
        #expect(Store.asideFiles(in: folder) == [stray, "abc"])
        let examination = try database.examine()
        #expect(examination.troubles == [] && examination.strays == 0)
        #expect(examination.aside == database.opening.setAside && examination.asideDays.count == 1)
    }
}

/// One that is opened late may find no descriptor left, or take the one that another has waited for.
@Test func allReadersAreOpenFromTheStart() throws {
    let store = try Store()
    let folder = store.folder.resolvingSymlinksInPath().path
    func descriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
            // Some are closed by others meanwhile.
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))?.hasPrefix(folder) == true
        }
    }
    let before = try descriptors()
    DispatchQueue.concurrentPerform(iterations: 1000) { [database = store.database] _ in _ = try? database.jobs.counts() }
    #expect(try descriptors() == before)
}

/// What is no blob by its place or kind.
@Test func nothingInTheFolderOfBlobsStopsTheStart() throws {
    var file = ""
    try Store.restarting { database, _ in
        _ = try database.checkpoint("kept")
    } leaving: { folder in
        let blobs = folder.appendingPathComponent("blobs")
        // Some blobs have other digests every time: no folder of theirs.
        let free = ["ab", "bc", "cd", "de", "ef"].filter { !FileManager.default.fileExists(atPath: blobs.appendingPathComponent($0).path) }
        file = free[0]
        for name in ["notes.txt", file] { try Data("a note".utf8).write(to: blobs.appendingPathComponent(name)) }
        for name in ["copies/deep", "\(free[1])/\(String(repeating: free[1], count: 32))"] {
            try FileManager.default.createDirectory(at: blobs.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        try Data("deep".utf8).write(to: blobs.appendingPathComponent("copies/deep/file"))
        try FileManager.default.createSymbolicLink(atPath: blobs.appendingPathComponent("link").path, withDestinationPath: "/nowhere")
    } after: { database, folder in
        #expect(Store.asideFiles(in: folder) == [file, "file", "link", "notes.txt"].sorted())
        #expect(Store.blobFiles(in: folder).count == 1)
        let examination = try database.examine()
        #expect(examination.troubles == [])
    }
}

@Test func whatIsPutAsideReplacesNothingThatLiesThere() throws {
    let folder = try Folder()
    for content in ["one", "two", "three"] {
        let database = try Database(folder: folder.url)
        database.close()
        try Data(content.utf8).write(to: folder.url.appendingPathComponent("blobs/stray"))
    }
    let database = try Database(folder: folder.url)
    #expect(Store.asideFiles(in: folder.url) == ["stray", "stray.1", "stray.2"])
    #expect(try database.examine().aside.bytes == 11)
}
