import Engine
import Storage

/// Makes a stored dataset of an archive of pictures: every one is decoded once, so that a job never meets a broken one.
struct DatasetIntake {
    let database: Database

    private static let largestPicture: Int64 = 64 << 20

    /// Checks and stores.
    ///
    /// - Parameters:
    ///   - source: an archive.
    ///   - upload: what the archive came from, which goes then.
    ///   - owner: whose it is.
    ///   - answer: to be kept with the dataset.
    /// - Throws: ``ArchiveError``, ``APIError``, ``StorageError``.
    func store(
        _ source: ArchiveSource, name: String?, consuming upload: HeldUpload? = nil, owner: Owner? = nil,
        answer: KeptAnswer<DatasetRecord>? = nil
    ) throws -> DatasetRecord {
        let archive = try ArchiveReader(source)
        let pack = try database.blobs.writer()
        var pictures: [DatasetRecord.Picture] = []
        var sizes: Set<[Int]> = []
        var (width, height, channels) = (Int.max, Int.max, Set<Int>())
        while let entry = try archive.next() {
            let bytes = try archive.readAll(atMost: Self.largestPicture)
            let picture: Picture
            do {
                picture = try Picture(decoding: bytes)
            } catch {
                throw APIError(.unprocessableContent, "invalid_picture", "\(entry.path) \(error)")
            }
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
            images: pictures.count, width: width, height: height, channels: channels.max() ?? 3, size: blob.size, warnings: warnings)
        return try database.datasets.insert(
            name: name ?? "dataset", descriptor: descriptor.json.compact, pack: blob, pictures: pictures,
            consuming: upload, owner: owner, answer: answer)
    }
}
