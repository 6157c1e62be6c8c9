import Storage

/// Takes request bodies to disk as they come, in memory that does not grow with them.
struct Uploads: Sendable {
    let database: Database
    /// The largest body, in bytes.
    let limit: Int64

    /// The whole body, which ``API/uploadBody(_:)`` let in, as a temporary file, which goes with the returned value.
    func file(_ body: RequestBody) async throws -> TemporaryFile {
        let file = try database.blobs.temporaryFile()
        while let chunk = try await body.next() { try file.write(chunk) }
        return file
    }

    /// Files of an archive, each a blob of its own, by path without a common top folder.
    ///
    /// - Throws: ``ArchiveError``.
    func unpack(_ file: TemporaryFile) throws -> [(path: String, blob: StoredBlob)] {
        let archive = try ArchiveReader(path: file.url.path)
        var paths: [String] = []
        var blobs: [StoredBlob] = []
        while let entry = try archive.next() {
            let writer = try database.blobs.writer()
            while let chunk = try archive.readChunk() { try writer.write(chunk) }
            paths.append(entry.path)
            blobs.append(try writer.finish())
        }
        return Array(zip(ArchivePath.withoutCommonTopFolder(paths), blobs))
    }
}
