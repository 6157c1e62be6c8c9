import Documents
import Media
import Storage

/// Makes a stored dataset of an archive of pictures, and of what is said of them there: every one is decoded once, so that a job never meets a
/// broken one.
package struct DatasetIntake {
    private let database: Database
    /// What decoding the pictures and reading headers may take.
    private let memory: RequestMemory
    /// Holds names, labels and captions; nil where nothing bounds them.
    private let share: MemoryShare?

    /// Takes in for a store.
    package init(database: Database, memory: RequestMemory = .unlimited, share: MemoryShare? = nil) {
        self.database = database
        self.memory = memory
        self.share = share
    }

    /// Checks and stores.
    ///
    /// - Parameters:
    ///   - source: an archive.
    ///   - choices: what was said beside it.
    ///   - upload: what the archive came from, which goes then.
    ///   - owner: whose it is.
    ///   - answer: to be kept with the dataset.
    /// - Throws: ``ArchiveError``, ``JobsError``, ``StorageError``.
    package func store(
        _ source: ArchiveSource, name: String?, _ choices: DatasetChoices = DatasetChoices(), consuming upload: HeldUpload? = nil,
        owner: Owner? = nil,
        answer: KeptAnswer<DatasetRecord>? = nil
    ) throws -> DatasetRecord {
        let archive = try ArchiveReader(source, givesLitter: true)
        var reading = try DatasetReading(database, memory, share, choices)
        while let entry = try archive.next() { try reading.read(entry, of: archive) }
        let contents = try reading.contents()
        return try database.datasets.insert(
            name: name ?? "dataset", descriptor: contents.descriptor.json.compact, pack: contents.pack, embeddings: contents.embeddings,
            pictures: contents.pictures, consuming: upload, owner: owner, answer: answer)
    }
}
