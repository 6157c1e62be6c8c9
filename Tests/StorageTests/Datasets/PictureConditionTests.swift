import Foundation
import Storage
import Testing

/// What is said of a dataset's pictures is stored with them, and goes with them.
@Suite struct PictureConditionTests {
    private static let pictures: [DatasetRecord.Picture] = [
        .init(path: "a.png", offset: 0, length: 2, classNumber: 281, caption: "a \"cat\",\nsitting"),
        .init(path: "b.png", offset: 2, length: 2, caption: "é"), .init(path: "c.png", offset: 0, length: 1),
    ]

    private static func insert(_ database: Database, _ content: String = "numbers") throws -> DatasetRecord {
        try database.datasets.insert(
            name: "d", descriptor: "{}", pack: database.blob("pack"), embeddings: database.blob(content), pictures: pictures)
    }

    @Test func allComesBackAndGoesWithTheDataset() throws {
        let store = try Store()
        let record = try Self.insert(store.database)
        let other = try Self.insert(store.database)
        #expect(try store.database.datasets.get(record.id) == record)
        #expect(try store.database.datasets.pictures(of: record.id) == Self.pictures)
        let embeddings = try #require(record.embeddings)
        #expect(record.embeddingsSize == 7 && embeddings == other.embeddings)
        #expect(try store.database.storedBytes() == 11)
        #expect(try store.database.uses(of: embeddings).contains("\(record.id) embeddings"))
        let examination = try store.database.examine()
        #expect(examination.troubles == [] && examination.strays == 0 && examination.blobs == 4)
        try store.database.datasets.delete(record.id)
        #expect(store.blobFiles.contains(embeddings.hex))
        try store.database.datasets.delete(other.id)
        #expect(store.blobFiles == [])
    }

    @Test func embeddingsOutliveTheProcessAndTheDoctorReadsThem() throws {
        var record: DatasetRecord?
        try Store.restarting { database, _ in
            record = try Self.insert(database)
        } after: { database, _ in
            let digest = try #require(record?.embeddings)
            #expect(try Data(contentsOf: database.blobs.url(for: digest)) == Data("numbers".utf8))
            try Data("NUMBERS".utf8).write(to: database.blobs.url(for: digest))
            #expect(try database.examine().troubles == ["blob \(digest.hex) holds other bytes than its name says"])
        }
    }

    @Test func allIsGivenBackWhereTheRowsWereLost() throws {
        let folder = try Folder()
        let record: DatasetRecord
        do {
            let database = try Database(folder: folder.url)
            record = try Self.insert(database)
            database.close()
        }
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(at: folder.url.appendingPathComponent("pruner.sqlite" + suffix))
        }
        let database = try Database(folder: folder.url, replacing: true)
        #expect(try database.adopt().adopted == [record.id])
        #expect(try database.datasets.get(record.id) == record)
        #expect(try database.datasets.pictures(of: record.id) == Self.pictures)
        #expect(try database.examine().troubles == [])
    }

    @Test func withoutItsEmbeddingsADatasetIsNotGivenBack() throws {
        let folder = try Folder()
        let record: DatasetRecord
        do {
            let database = try Database(folder: folder.url)
            record = try Self.insert(database)
            database.close()
        }
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent("pruner.sqlite"))
        let digest = try #require(record.embeddings)
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent("blobs/\(digest.hex.prefix(2))/\(digest.hex)"))
        let database = try Database(folder: folder.url, replacing: true)
        let adoption = try database.adopt()
        #expect(adoption.adopted == [])
        #expect(adoption.left.map(\.reason) == ["embeddings.safetensors (\(digest.hex)) is not there"])
    }

    /// The tables as they were before there was any of this.
    @Test func whatAnEarlierVersionStoredIsReadAsItWas() throws {
        var before: (record: DatasetRecord, pictures: [DatasetRecord.Picture])?
        let plain = Self.pictures.map { DatasetRecord.Picture(path: $0.path, offset: $0.offset, length: $0.length) }
        try Store.restarting { database, _ in
            let record = try database.datasets.insert(name: "d", descriptor: "{}", pack: database.blob("pack"), pictures: plain)
            before = (record, plain)
            for change in [
                "ALTER TABLE pictures DROP COLUMN class", "ALTER TABLE pictures DROP COLUMN caption", "DROP INDEX datasets_embeddings",
                "ALTER TABLE datasets DROP COLUMN embeddings_size", "ALTER TABLE datasets DROP COLUMN embeddings_digest",
                "DELETE FROM grdb_migrations WHERE identifier = 'conditions of pictures'",
            ] { try database.execute(change) }
        } after: { database, _ in
            let before = try #require(before)
            #expect(try database.datasets.get(before.record.id) == before.record)
            #expect(try database.datasets.pictures(of: before.record.id) == before.pictures)
            #expect(before.record.embeddings == nil && before.record.embeddingsSize == 0)
            // Its manifest is the same bytes as before: nothing is written anew.
            #expect(try database.examine().troubles == [])
            let after = try Self.insert(database)
            #expect(try database.datasets.pictures(of: after.id) == Self.pictures)
        }
    }
}
