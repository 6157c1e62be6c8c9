import Engine
import Media
import Storage

/// An archive of pictures and what is said of them, as far as it has been read.
struct DatasetReading {
    private let database: Database
    private let memory: RequestMemory
    private let share: MemoryShare?
    private let choices: DatasetChoices
    /// The pictures' bytes, one after the other.
    private let pack: BlobWriter

    private var pictures: [DatasetRecord.Picture] = []
    private var traits: PictureTraits
    private var broken = BrokenPictures()
    private var leftOut = LeftOutFiles()
    private var metadata = PictureMetadata()
    private var embeddings: (path: String, blob: StoredBlob)?
    private var names = 0
    /// Bytes of metadata read so far, of memory that they take, and of memory that was asked for.
    private var metadataSize = 0
    private var metadataMemory = 0
    private var metadataShare = piece

    private static let largestPicture = Int64(RequestMemory.largestPiece)
    /// Pictures of more bytes are in memory one at a time, whoever sends them.
    private static let large: Int64 = 256 << 10
    /// Files whose names fit into the memory that a request has from the beginning, and bytes for each beyond: its path in three places.
    private static let named = 4096
    private static let nameCost = 600
    /// Bytes of all metadata, and of what is made of it before more is asked for.
    private static let largestMetadata = 256 << 20
    private static let piece = 1 << 20
    /// Bytes of metadata that are told apart at a time.
    private static let slice = 16 << 10

    init(_ database: Database, _ memory: RequestMemory, _ share: MemoryShare?, _ choices: DatasetChoices) throws {
        (self.database, self.memory, self.share, self.choices) = (database, memory, share, choices)
        traits = PictureTraits(choices)
        pack = try database.blobs.writer()
    }

    /// Reads the archive's next file.
    ///
    /// - Throws: ``ArchiveError``, ``JobsError``, ``StorageError``, ``RequestMemoryError``.
    mutating func read(_ entry: ArchiveReader.Entry, of archive: ArchiveReader) throws {
        if names >= Self.named, names % Self.named == 0 {
            try share?.grow(Self.named * Self.nameCost, for: "an archive of so many pictures")
        }
        names += 1
        if let kind = HiddenFile.kind(entry.path) { return leftOut.add(entry.path, hiddenBy: kind) }
        switch DatasetFile(path: entry.path) {
        case .metadata(let format):
            do { try readMetadata(format, entry.path, archive) } catch let error as MetadataError {
                throw JobsError.invalidMetadata(path: entry.path, error)
            }
        case .embeddings: try readEmbeddings(entry.path, archive)
        case .other:
            let beginning = try archive.readChunk() ?? []
            if PictureFormat.isClaimed(by: entry.path, beginning) {
                try readPicture(entry, beginning, archive)
            } else {
                leftOut.add(entry.path, beginning)
            }
        }
    }

    private mutating func readPicture(_ entry: ArchiveReader.Entry, _ beginning: [UInt8], _ archive: ArchiveReader) throws {
        let turn = (entry.size ?? .max) > Self.large ? try memory.large(for: entry.path) : nil
        defer { withExtendedLifetime(turn) {} }
        let bytes: [UInt8]
        do throws(ArchiveError) { bytes = try archive.readAll(atMost: Self.largestPicture, after: beginning) } catch {
            guard case .tooLarge(_, Self.largestPicture) = error else { throw error }
            return broken.add(entry.path, "\(PictureError.tooManyBytes(limit: Self.largestPicture))")
        }
        do {
            // Decodes it and lets go of it.
            let picture = try memory.work(PictureInfo.validationCost(bytes), for: entry.path) { try PictureInfo.validate(bytes) }
            traits.add(entry.path, picture)
        } catch let error as PictureError {
            return broken.add(entry.path, "\(error)")
        } catch let error as RequestMemoryError {
            guard case .tooLarge = error, choices.onError == .skip else { throw error }
            return broken.add(entry.path, "takes more memory to read than this server spends on one picture")
        }
        pictures.append(DatasetRecord.Picture(path: entry.path, offset: pack.size, length: Int64(bytes.count)))
        try pack.write(bytes)
    }

    private mutating func readMetadata(_ format: MetadataReader.Format, _ path: String, _ archive: ArchiveReader) throws {
        var reader = MetadataReader(format, path: path)
        metadata.begin(path)
        while let chunk = try archive.readChunk() {
            metadataSize += chunk.count
            guard metadataSize <= Self.largestMetadata else { throw MetadataError.tooLarge(limit: Self.largestMetadata) }
            for start in stride(from: 0, to: chunk.count, by: Self.slice) {
                for row in try reader.rows(in: chunk[start..<min(start + Self.slice, chunk.count)]) { try take(row) }
            }
        }
        if let row = try reader.end() { try take(row) }
        metadata.end(others: reader.others)
    }

    private mutating func take(_ row: MetadataReader.Row) throws {
        metadataMemory += PictureMetadata.rowCost + row.picture.utf8.count + (row.text?.utf8.count ?? 0)
        while metadataMemory > metadataShare {
            try share?.grow(Self.piece, for: "metadata of so many pictures")
            metadataShare += Self.piece
        }
        try metadata.add(row)
    }

    private mutating func readEmbeddings(_ path: String, _ archive: ArchiveReader) throws {
        if let embeddings { throw JobsError.invalidEmbeddings(path: path, .second(after: embeddings.path)) }
        let writer = try database.blobs.writer()
        while let chunk = try archive.readChunk() { try writer.write(chunk) }
        embeddings = (path, try writer.finish())
    }

    /// What the whole archive comes to.
    struct Contents {
        let pack: StoredBlob
        let embeddings: StoredBlob?
        /// In the order of their paths.
        let pictures: [DatasetRecord.Picture]
        let descriptor: DatasetDescriptor
    }

    /// Checks what could not be checked file by file.
    ///
    /// - Throws: ``JobsError``, ``StorageError``, ``RequestMemoryError``.
    mutating func contents() throws -> Contents {
        if broken.count > 0 {
            guard choices.onError == .skip else { throw JobsError.invalidPictures(broken.refusal(beside: pictures.count)) }
            leftOut.add(broken)
        }
        guard !pictures.isEmpty else { throw JobsError.noPictures(found: leftOut.summary) }
        pictures.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        var warnings = traits.notes + leftOut.notes
        let given: PictureMetadata.Given
        do throws(PictureMetadata.Refusal) { given = try metadata.given(to: pictures.map(\.path), beside: leftOut.paths) } catch {
            throw JobsError.invalidMetadata(path: error.path, error.error)
        }
        warnings += given.warnings
        let file = try embeddings.map { try checked($0, &warnings) }
        let blob = try pack.finish()
        let descriptor = DatasetDescriptor(
            images: pictures.count, traits: traits, exif: choices.exif, size: blob.size + (embeddings?.blob.size ?? 0),
            classes: given.isSomething ? given.classes : PictureClasses(paths: pictures.lazy.map(\.path)),
            captions: given.captions.count { $0 != nil }, embeddings: file, warnings: warnings)
        return Contents(
            pack: blob, embeddings: embeddings?.blob,
            pictures: pictures.enumerated().map { place, picture in
                .init(
                    path: picture.path, offset: picture.offset, length: picture.length, classNumber: given.numbers?[place],
                    caption: given.captions.isEmpty ? nil : given.captions[place])
            }, descriptor: descriptor)
    }

    private func checked(_ file: (path: String, blob: StoredBlob), _ warnings: inout [Warning]) throws -> EmbeddingsFile {
        let path = file.blob.url.path
        do {
            return try memory.work(WeightsFile.openingCost(path: path), for: "the header of the embeddings") {
                try EmbeddingsFile(path: path, pictures: pictures.count) { warnings.append(Warning(.embeddingsUnused, $0)) }
            }
        } catch let error as EmbeddingsError {
            throw JobsError.invalidEmbeddings(path: file.path, error)
        }
    }
}
