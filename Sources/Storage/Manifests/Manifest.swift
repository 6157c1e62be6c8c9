import Foundation

/// What the rows of a checkpoint or dataset say, as a blob beside its files: with these it is found again where the rows were lost.
///
/// Lines of JSON: what this is, the row, then one line for each file or picture. It is written before the row, goes when the row is
/// deleted on purpose, and is the same bytes whenever it is written of the same rows.
struct Manifest: Sendable, Equatable {
    enum Kind: String, Codable {
        case checkpoint, dataset
    }

    let kind: Kind
    let id: String
    let name: String
    let createdAt: Timestamp
    let descriptor: String
    /// Whose it is: a token's identifier.
    let token: String?
    /// A checkpoint's files; a dataset's pack under an empty path, and the file of its embeddings where there is one.
    let files: [CheckpointRecord.File]
    /// A dataset's pictures, in order.
    let pictures: [DatasetRecord.Picture]

    /// The first line.
    static let title = Array("{\"pruner\":\"manifest\",\"version\":1}\n".utf8)

    private struct Head: Codable {
        let kind: Kind
        let id: String
        let name: String
        let created_at: Int64
        let descriptor: String
        let token: String?
        let files: Int
        let pictures: Int
    }

    private struct File: Codable {
        let path: String
        let digest: String
        let size: Int64
    }

    private struct Picture: Codable {
        let path: String
        let offset: Int64
        let length: Int64
        let `class`: Int?
        let caption: String?

        init(_ picture: DatasetRecord.Picture) {
            (path, offset, length) = (picture.path, picture.offset, picture.length)
            (`class`, caption) = (picture.classNumber, picture.caption)
        }

        var record: DatasetRecord.Picture { .init(path: path, offset: offset, length: length, classNumber: `class`, caption: caption) }
    }

    /// Writes it; a blob like any other.
    func store(in blobs: BlobStore) throws(StorageError) -> StoredBlob {
        let writer = try blobs.writer()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes = Self.title
        func add(_ line: some Encodable) throws(StorageError) {
            do { bytes += try encoder.encode(line) } catch {
                throw .database(doing: "write the manifest of \(id)", found: String(describing: error))
            }
            bytes.append(UInt8(ascii: "\n"))
            guard bytes.count >= 1 << 16 else { return }
            try writer.write(bytes)
            bytes = []
        }
        try add(
            Head(
                kind: kind, id: id, name: name, created_at: createdAt.milliseconds, descriptor: descriptor, token: token,
                files: files.count,
                pictures: pictures.count))
        for file in files { try add(File(path: file.path, digest: file.digest.hex, size: file.size)) }
        for picture in pictures { try add(Picture(picture)) }
        try writer.write(bytes)
        return try writer.finish()
    }

    /// Whether a file begins as one does.
    static func begins(_ url: URL) -> Bool {
        guard let file = try? FileHandle(forReadingFrom: url) else { return false }
        defer { try? file.close() }
        return (try? file.read(upToCount: title.count)).map { $0.map(Array.init) == title } ?? false
    }

    /// What a file says whose digest has been checked; nil where it is none that this version understands.
    init?(reading url: URL) {
        guard let data = try? Data(contentsOf: url, options: .mappedIfSafe), data.starts(with: Self.title) else { return nil }
        let decoder = JSONDecoder()
        var lines = data.dropFirst(Self.title.count).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true).makeIterator()
        func next<Line: Decodable>(_ type: Line.Type) -> Line? { lines.next().flatMap { try? decoder.decode(type, from: Data($0)) } }
        guard let head = next(Head.self) else { return nil }
        var files: [CheckpointRecord.File] = []
        for _ in 0..<head.files {
            guard let file = next(File.self), let digest = BlobDigest(hex: file.digest) else { return nil }
            files.append(CheckpointRecord.File(path: file.path, digest: digest, size: file.size))
        }
        var pictures: [DatasetRecord.Picture] = []
        for _ in 0..<head.pictures {
            guard let picture = next(Picture.self) else { return nil }
            pictures.append(picture.record)
        }
        guard head.kind == .checkpoint || (1...2).contains(files.count) else { return nil }
        (kind, id, name) = (head.kind, head.id, head.name)
        createdAt = Timestamp(milliseconds: head.created_at)
        (descriptor, token) = (head.descriptor, head.token)
        (self.files, self.pictures) = (files, pictures)
    }
}

extension Manifest {
    /// Of a new checkpoint.
    init(checkpoint id: String, name: String, descriptor: String, files: [(path: String, blob: StoredBlob)], owner: Owner?) {
        (kind, self.id, self.name) = (.checkpoint, id, name)
        createdAt = .now()
        (self.descriptor, token) = (descriptor, owner?.token)
        self.files = files.map { CheckpointRecord.File(path: $0.path, digest: $0.blob.digest, size: $0.blob.size) }
        pictures = []
    }

    /// Of a new dataset.
    init(
        dataset id: String, name: String, descriptor: String, pack: StoredBlob, embeddings: StoredBlob?,
        pictures: [DatasetRecord.Picture], owner: Owner?
    ) {
        (kind, self.id, self.name) = (.dataset, id, name)
        createdAt = .now()
        (self.descriptor, token) = (descriptor, owner?.token)
        files =
            [CheckpointRecord.File(path: "", digest: pack.digest, size: pack.size)]
            + (embeddings.map { [CheckpointRecord.File(path: DatasetRecord.embeddingsName, digest: $0.digest, size: $0.size)] } ?? [])
        self.pictures = pictures
    }
}
