import Foundation
import Storage
import Testing

/// What happens to a file behind the store's back.
private enum Harm: String, CaseIterable {
    case flipped, flippedAndBackdated, cut, replaced, gone

    /// Does it to the file, and waits until the clock of the file system has gone on: it counts in milliseconds.
    func happen(to file: URL) throws {
        let path = file.path
        var before = stat()
        #expect(stat(path, &before) == 0)
        switch self {
        case .gone: try FileManager.default.removeItem(at: file)
        case .replaced: try Data("another".utf8).write(to: file, options: .atomic)
        case .cut: #expect(truncate(path, 3) == 0)
        case .flipped, .flippedAndBackdated:
            var after = stat()
            repeat {
                let handle = try FileHandle(forUpdating: file)
                try handle.write(contentsOf: Data("W".utf8))
                try handle.close()
                if self == .flippedAndBackdated {
                    #expect(utimensat(AT_FDCWD, path, [before.st_atim, before.st_mtim], 0) == 0)
                }
                #expect(stat(path, &after) == 0)
            } while after.st_ctim.tv_sec == before.st_ctim.tv_sec && after.st_ctim.tv_nsec == before.st_ctim.tv_nsec
        }
    }

    var found: String { self == .gone ? "is gone" : "holds other bytes than were stored" }
}

extension Database {
    /// What a checkpoint's file holds for whoever uses it.
    fileprivate func used(_ id: String) throws -> String {
        let file = try checkpoints.get(id).files[0]
        let handle = FileHandle(
            fileDescriptor: try blobs.open(file.digest, of: .checkpoint, id, file: file.path), closeOnDealloc: true)
        return String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
    }

    fileprivate func blobFile(of id: String) throws -> URL { blobs.url(for: try checkpoints.get(id).files[0].digest) }
}

private func damaged(_ id: String, _ harm: Harm) -> StorageError {
    .damaged(.checkpoint, id: id, file: "unet/weights", found: harm.found)
}

@Test(arguments: Harm.allCases) private func whatHappenedToAFileIsFoundWhereItIsUsedAndMendedByTheSameBytes(harm: Harm) throws {
    let store = try Store()
    let database = store.database
    let id = try database.checkpoint("weights")
    #expect(try database.used(id) == "weights")
    try harm.happen(to: database.blobFile(of: id))
    expect(damaged(id, harm)) { _ = try database.used(id) }
    expect(damaged(id, harm)) { _ = try database.used(id) }
    #expect(database.blobs.damagedCount == 1)
    let again = try database.blob("weights")
    #expect(try database.used(id) == "weights")
    #expect(database.blobs.damagedCount == 0 && store.blobFiles == [again.digest.hex] && store.temporaryFiles == [])
}

/// The upload comes before anyone has noticed.
@Test(arguments: Harm.allCases) private func theBytesOfANewUploadWin(harm: Harm) throws {
    let store = try Store()
    let id = try store.database.checkpoint("weights")
    let file = try store.database.blobFile(of: id)
    try harm.happen(to: file)
    let old = harm == .gone ? nil : try FileHandle(forReadingFrom: file)
    let wrong = try old.map { _ in try Data(contentsOf: file) }
    let again = try store.database.checkpoint("weights")
    for id in [id, again] { #expect(try store.database.used(id) == "weights") }
    // Whoever was reading goes on with what it had.
    #expect(try old?.readToEnd() == wrong)
}

@Test(arguments: Harm.allCases) private func whatIsDamagedIsKnownAfterAStart(harm: Harm) throws {
    var id = ""
    try Store.restarting { database, _ in
        id = try database.checkpoint("weights")
        try harm.happen(to: database.blobFile(of: id))
        expect(damaged(id, harm)) { _ = try database.used(id) }
    } after: { database, _ in
        let digest = try database.checkpoints.get(id).files[0].digest
        #expect(database.blobs.damage(of: digest)?.found == harm.found)
        expect(damaged(id, harm)) { _ = try database.used(id) }
        _ = try database.blob("weights")
        #expect(try database.used(id) == "weights")
    }
}

@Test func aFileThatWasPutBackWhileNoServerRanIsSound() throws {
    var id = ""
    try Store.restarting { database, _ in
        id = try database.checkpoint("weights")
        let file = try database.blobFile(of: id)
        try Harm.flipped.happen(to: file)
        #expect(throws: StorageError.self) { _ = try database.used(id) }
        try Data("weights".utf8).write(to: file)
    } after: { database, _ in
        #expect(database.blobs.damagedCount == 0)
        let used = try database.used(id)
        #expect(used == "weights")
    }
}

/// From a backup, by hand: nobody has read it since, but it is not the file that was found damaged.
@Test(arguments: Harm.allCases) private func aFileThatWasPutBackIsNotToldToBeDamaged(harm: Harm) throws {
    let store = try Store()
    let database = store.database
    let id = try database.checkpoint("weights")
    let file = try database.blobFile(of: id)
    try harm.happen(to: file)
    expect(damaged(id, harm)) { _ = try database.used(id) }
    let digest = try database.checkpoints.get(id).files[0].digest
    #expect(database.blobs.damage(of: digest)?.found == harm.found)
    try Data("weights".utf8).write(to: file, options: .atomic)
    #expect(database.blobs.damage(of: digest) == nil && database.blobs.damagedCount == 0)
    #expect(try database.used(id) == "weights" && store.temporaryFiles == [])
}

@Test func theDoctorNotesWhatIsDamagedAndWhatIsSoundAgain() throws {
    let store = try Store()
    let database = store.database
    let id = try database.checkpoint("weights")
    let file = try database.blobFile(of: id)
    try Harm.flipped.happen(to: file)
    let told = Told()
    database.blobs.onDamage { _, damage in told.add(damage.found) }
    for _ in 0..<2 { #expect(try database.examine().troubles.count == 1) }
    #expect(told.all == ["holds other bytes than were stored"])
    #expect(database.blobs.damagedCount == 1)
    let digest = try database.checkpoints.get(id).files[0].digest
    #expect(try database.uses(of: digest) == ["\(id) unet/weights"])
    try Data("weights".utf8).write(to: file)
    #expect(try database.examine().troubles == [])
    #expect(database.blobs.damagedCount == 0)
}

@Test func manyWhoUseAFileAtOnceAllGetWhatWasStored() throws {
    var id = ""
    try Store.restarting { database, _ in
        id = try database.checkpoint(String(repeating: "weights", count: 1 << 18))
    } after: { database, _ in
        let (told, id) = (Told(), id)
        DispatchQueue.concurrentPerform(iterations: 16) { _ in told.add((try? database.used(id)) ?? "") }
        #expect(told.all == Array(repeating: String(repeating: "weights", count: 1 << 18), count: 16))
    }
}

@Test func aDamagedBlobThatIsDeletedIsForgotten() throws {
    let store = try Store()
    let database = store.database
    let id = try database.checkpoint("weights")
    try Harm.flipped.happen(to: database.blobFile(of: id))
    let record = try database.checkpoints.get(id)
    #expect(throws: StorageError.self) { _ = try database.used(id) }
    try database.checkpoints.delete(id)
    #expect(database.blobs.damagedCount == 0 && store.blobFiles == [])
    expect(.notFound(.checkpoint, id: id)) {
        _ = try database.blobs.open(record.files[0].digest, of: .checkpoint, id, file: record.files[0].path)
    }
}

@Test func theWalkGoesThroughEveryBlobInOrderAndRemembersWhereItWas() throws {
    var digests: [String] = []
    try Store.restarting { database, folder in
        for content in ["a", "b", "c"] { _ = try database.checkpoint(content) }
        digests = Store.blobFiles(in: folder)
        #expect(try database.walked() == nil)
        try database.setWalked(database.blob(after: nil))
    } after: { database, _ in
        let walked = try database.walked()
        var found: [String] = [try #require(walked).hex]
        while let next = try database.blob(after: BlobDigest(hex: found.last ?? "")) { found.append(next.hex) }
        // Manifests too.
        #expect(found == found.sorted() && Set(digests).isSubset(of: found) && digests.count >= 3)
    }
}

/// What several threads tell.
private final class Told: @unchecked Sendable {
    // Sendable: `told` is touched only while `lock` is held.
    private var told: [String] = []
    private let lock = NSLock()

    func add(_ text: String) { lock.withLock { told.append(text) } }
    var all: [String] { lock.withLock { told } }
}
