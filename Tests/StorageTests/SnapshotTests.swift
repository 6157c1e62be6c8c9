import Foundation
import Storage
import Testing

@Test func aSnapshotIsOneMomentWhateverIsDeletedMeanwhile() throws {
    let store = try Store()
    let restored = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)", isDirectory: true)
    defer { try? FileManager.default.removeItem(at: restored) }
    let (kept, deleted) = (try store.database.checkpoint("kept"), try store.database.checkpoint("deleted"))
    let running = try store.database.job(in: .running)
    try store.database.withSnapshot { copy, blobs in
        try store.database.checkpoints.delete(deleted)
        _ = try store.database.checkpoint("later")
        // Three checkpoints' weights and manifests.
        #expect(blobs.count == 6)
        for blob in blobs {
            let folder = restored.appendingPathComponent("blobs/\(blob.digest.hex.prefix(2))")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                at: store.database.blobs.url(for: blob.digest), to: folder.appendingPathComponent(blob.digest.hex))
        }
        try FileManager.default.copyItem(at: copy, to: restored.appendingPathComponent("pruner.sqlite"))
    }
    // What was deleted meanwhile goes when the snapshot is done.
    #expect(store.blobFiles.count == 3 && store.temporaryFiles == [])
    #expect(try store.database.examine().troubles == [])
    let database = try Database(folder: restored)
    #expect(try database.examine().troubles == [])
    #expect(try database.checkpoints.list(limit: 10).items.count == 3)
    #expect(try database.checkpoints.get(deleted).id == deleted && database.checkpoints.get(kept).id == kept)
    #expect(try database.jobs.recover().map(\.id) == [running])
}
