import Foundation
import Storage
import Testing

/// What is given back where the rows were lost.
@Suite struct AdoptionTests {
    /// A folder with a checkpoint and a dataset of some token, of which the database is gone.
    private struct Lost {
        let folder: Folder
        let checkpoint: CheckpointRecord
        let dataset: DatasetRecord
        let pictures: [DatasetRecord.Picture]

        init(before: (Database) throws -> Void = { _ in }) throws {
            folder = try Folder()
            let database = try Database(folder: folder.url)
            checkpoint = try database.checkpoints.insert(
                name: "model \"é\"\n", descriptor: #"{"a":[1,"/"]}"#,
                files: [
                    ("unet/weights", database.blob("weights")), ("unet/config.json", database.blob("{}")), ("copy", database.blob("{}")),
                ])
            pictures = (0..<3000).map { .init(path: "\($0)/é.png", offset: Int64($0 % 4), length: 1) }
            dataset = try database.datasets.insert(name: "d", descriptor: "[]", pack: database.blob("pack"), pictures: pictures)
            try before(database)
            database.close()
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(at: folder.url.appendingPathComponent("pruner.sqlite" + suffix))
            }
        }

        func reopen() throws -> Database { try Database(folder: folder.url, replacing: true) }

        /// The files that lie aside or in their places.
        func file(_ digest: BlobDigest) throws -> URL {
            let found = FileManager.default.enumerator(at: folder.url, includingPropertiesForKeys: nil)
            return try #require((found?.allObjects as? [URL])?.first { $0.lastPathComponent == digest.hex })
        }
    }

    @Test func allThatWasStoredIsGivenBackAsItWas() throws {
        let lost = try Lost()
        let database = try lost.reopen()
        #expect(try database.checkpoints.list(limit: 9).items.isEmpty)
        let adoption = try database.adopt()
        #expect(adoption.adopted.sorted() == [lost.checkpoint.id, lost.dataset.id].sorted() && adoption.left == [])
        #expect(try database.checkpoints.get(lost.checkpoint.id) == lost.checkpoint)
        #expect(try database.datasets.get(lost.dataset.id) == lost.dataset)
        #expect(try database.datasets.pictures(of: lost.dataset.id) == lost.pictures)
        let examination = try database.examine()
        #expect(examination.troubles == [] && examination.strays == 0 && examination.aside.files == 0)
        #expect(try Data(contentsOf: database.blobs.url(for: lost.checkpoint.files[0].digest)) == Data("weights".utf8))
        let again = try database.adopt()
        #expect(again.adopted == [] && again.left == [])
    }

    @Test func whatIsNotAllThereIsLeft() throws {
        let lost = try Lost()
        let database = try lost.reopen()
        try Data("WEIGHTS".utf8).write(to: lost.file(lost.checkpoint.files[0].digest))
        try FileManager.default.removeItem(at: lost.file(lost.dataset.pack))
        let adoption = try database.adopt()
        #expect(adoption.adopted == [])
        let reasons = Dictionary(uniqueKeysWithValues: adoption.left.map { ($0.id, $0.reason) })
        #expect(reasons[lost.checkpoint.id] == "unet/weights (\(lost.checkpoint.files[0].digest.hex)) is damaged")
        #expect(reasons[lost.dataset.id] == "its pictures (\(lost.dataset.pack.hex)) is not there")
        let examination = try database.examine()
        #expect(examination.troubles == [] && examination.blobs == 0 && examination.aside.files == 4)
        // The right bytes come back, and with them the checkpoint.
        let again = try database.blob("weights")
        #expect(try database.adopt().adopted == [lost.checkpoint.id])
        withExtendedLifetime(again) {}
    }

    @Test func aDamagedManifestIsNotBelieved() throws {
        let lost = try Lost()
        let database = try lost.reopen()
        let found = FileManager.default.enumerator(at: lost.folder.url.appendingPathComponent("aside"), includingPropertiesForKeys: nil)
        for url in (found?.allObjects as? [URL] ?? []).filter(Store.isManifest) {
            let text = try String(contentsOf: url, encoding: .utf8).replacingOccurrences(of: "weights", with: "../../x")
            try Data(text.utf8).write(to: url)
        }
        let adoption = try database.adopt()
        #expect(adoption.adopted == [lost.dataset.id])
        #expect(adoption.left.map(\.reason) == ["its manifest is damaged"])
    }

    @Test func nothingComesBackThatWasDeleted() throws {
        var deleted = ""
        let lost = try Lost { database in
            deleted = try database.checkpoint("weights")
            try database.checkpoints.delete(deleted)
        }
        let database = try lost.reopen()
        let adoption = try database.adopt()
        #expect(!adoption.adopted.contains(deleted) && adoption.adopted.count == 2)
    }

    /// The process dies, or the power goes, after the row was deleted and before its files are gone.
    @Test func nothingComesBackWhoseDeletionWasCutOff() throws {
        let folder = try Folder()
        var files: [(URL, Data)] = []
        do {
            let database = try Database(folder: folder.url)
            _ = try database.checkpoint("another")
            let id = try database.checkpoint("weights")
            let found = FileManager.default.enumerator(at: folder.url.appendingPathComponent("blobs"), includingPropertiesForKeys: nil)
            for url in found?.allObjects as? [URL] ?? [] where BlobDigest(hex: url.lastPathComponent) != nil {
                files.append((url, try Data(contentsOf: url)))
            }
            try database.checkpoints.delete(id)
        }
        for (url, bytes) in files { try bytes.write(to: url) }
        let after = try Database(folder: folder.url)
        #expect(Store.asideFiles(in: folder.url).count == 1 && after.opening.setAside.files == 1)
        #expect(try after.adopt().adopted == [])
        #expect(try after.checkpoints.list(limit: 9).items.count == 1)
    }

    @Test func whatIsThereAlreadyStaysAsItIs() throws {
        let folder = try Folder()
        let database = try Database(folder: folder.url)
        let id = try database.checkpoint("weights")
        let manifest = try database.withSnapshot { _, blobs in
            blobs.map { database.blobs.url(for: $0.digest) }.filter(Store.isManifest)[0]
        }
        let aside = folder.url.appendingPathComponent("aside/2026-01-01")
        try FileManager.default.createDirectory(at: aside, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: manifest, to: aside.appendingPathComponent(manifest.lastPathComponent))
        let adoption = try database.adopt()
        #expect(adoption.adopted == [] && adoption.left.map(\.id) == [id])
        #expect(try database.examine().troubles == [])
    }

    @Test func whatAnEarlierVersionStoredIsGivenAManifestAtTheNextStart() throws {
        let folder = try Folder()
        var id = ""
        do {
            let database = try Database(folder: folder.url)
            id = try database.checkpoint("weights")
            try database.execute("UPDATE checkpoints SET manifest = NULL, manifest_size = NULL")
        }
        // The manifest that is now no one's is put aside, and written again.
        do { _ = try Database(folder: folder.url) }
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent("aside"))
        for suffix in ["", "-wal", "-shm"] {
            try FileManager.default.removeItem(at: folder.url.appendingPathComponent("pruner.sqlite" + suffix))
        }
        let database = try Database(folder: folder.url, replacing: true)
        #expect(try database.adopt().adopted == [id])
    }
}
