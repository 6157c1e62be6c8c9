import Documents
import Media
import Storage

/// Makes a stored dataset of an archive of pictures: every one is decoded once, so that a job never meets a broken one.
package struct DatasetIntake {
    private let database: Database
    /// What decoding the pictures may take.
    private let memory: RequestMemory
    /// Holds the pictures' names; nil where nothing bounds them.
    private let share: MemoryShare?

    private static let largestPicture = Int64(RequestMemory.largestPiece)
    /// Pictures of more bytes are in memory one at a time, whoever sends them.
    private static let large: Int64 = 256 << 10
    /// Pictures whose names fit into the memory that a request has from the beginning, and bytes for each beyond: its path in three places.
    private static let named = 4096
    private static let nameCost = 600

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
    ///   - upload: what the archive came from, which goes then.
    ///   - owner: whose it is.
    ///   - answer: to be kept with the dataset.
    /// - Throws: ``ArchiveError``, ``JobsError``, ``StorageError``.
    package func store(
        _ source: ArchiveSource, name: String?, consuming upload: HeldUpload? = nil, owner: Owner? = nil,
        answer: KeptAnswer<DatasetRecord>? = nil
    ) throws -> DatasetRecord {
        let archive = try ArchiveReader(source)
        let pack = try database.blobs.writer()
        var pictures: [DatasetRecord.Picture] = []
        var sizes: Set<[Int]> = []
        var (width, height, channels) = (Int.max, Int.max, Set<Int>())
        while let entry = try archive.next() {
            if pictures.count >= Self.named, pictures.count % Self.named == 0 {
                try share?.grow(Self.named * Self.nameCost, for: "an archive of so many pictures")
            }
            let turn = (entry.size ?? .max) > Self.large ? try memory.large(for: entry.path) : nil
            defer { withExtendedLifetime(turn) {} }
            let bytes = try archive.readAll(atMost: Self.largestPicture)
            let picture = try checked(bytes, entry.path)
            (width, height) = (min(width, picture.width), min(height, picture.height))
            channels.insert(picture.channels)
            if sizes.count < 2 { sizes.insert([picture.width, picture.height]) }
            pictures.append(DatasetRecord.Picture(path: entry.path, offset: pack.size, length: Int64(bytes.count)))
            try pack.write(bytes)
        }
        pictures.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        var warnings: [String] = []
        if sizes.count > 1 { warnings.append("the pictures differ in size; width and height tell the smallest") }
        if channels.count > 1 { warnings.append("some pictures are gray and are used as colour pictures") }
        let blob = try pack.finish()
        let descriptor = DatasetDescriptor(
            images: pictures.count, width: width, height: height, channels: channels.max() ?? 3, size: blob.size,
            classes: PictureClasses(paths: pictures.lazy.map(\.path)), warnings: warnings)
        return try database.datasets.insert(
            name: name ?? "dataset", descriptor: descriptor.json.compact, pack: blob, pictures: pictures,
            consuming: upload, owner: owner, answer: answer)
    }

    /// Decodes a picture and lets go of it.
    private func checked(_ bytes: [UInt8], _ path: String) throws -> PictureInfo {
        do {
            return try memory.work(PictureInfo.validationCost(bytes), for: path) { try PictureInfo.validate(bytes) }
        } catch let error as PictureError {
            throw JobsError.invalidPicture(path: path, error)
        }
    }
}
