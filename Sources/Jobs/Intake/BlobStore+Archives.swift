import Media
import Storage

extension BlobStore {
    /// Files that an archive may hold where each becomes a file of its own; a pipeline has a few dozen.
    private static let largestFolder = 10_000

    /// Every file of an archive as a blob, by its path without a common top folder.
    ///
    /// - Throws: ``ArchiveError``, ``StorageError``.
    package func unpack(_ source: ArchiveSource) throws -> [(path: String, blob: StoredBlob)] {
        let archive = try ArchiveReader(source, limits: .init(entries: Self.largestFolder))
        var paths: [String] = []
        var blobs: [StoredBlob] = []
        while let entry = try archive.next() {
            let writer = try writer()
            while let chunk = try archive.readChunk() { try writer.write(chunk) }
            paths.append(entry.path)
            blobs.append(try writer.finish())
        }
        return Array(zip(ArchivePath.withoutCommonTopFolder(paths), blobs))
    }
}
