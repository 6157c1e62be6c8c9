import Engine
import Foundation
import Media
import Storage

extension BlobStore {
    /// Files that an archive may hold where each becomes a file of its own; a pipeline has a few dozen.
    private static let largestFolder = 10_000

    /// Every file of an archive as a blob, by its path without a common top folder; of a file that is weights by itself that one.
    ///
    /// - Throws: ``ArchiveError``, ``StorageError``.
    package func unpack(_ source: ArchiveSource) throws -> UnpackedFiles {
        if case .file(let path) = source, let name = WeightsFile.name(ofBare: path) {
            return UnpackedFiles([(name, try copy(path))])
        }
        let archive = try ArchiveReader(source, limits: .init(entries: Self.largestFolder))
        var paths: [String] = []
        var known: Set<String> = []
        var blobs: [StoredBlob] = []
        while let entry = try archive.next() {
            // Other machines' folders know only one of two names that differ in how their accents are written, and so do texts here.
            guard known.insert(entry.path).inserted else { throw ArchiveError.duplicate(entry: entry.path) }
            let writer = try writer()
            while let chunk = try archive.readChunk() { try writer.write(chunk) }
            paths.append(entry.path)
            blobs.append(try writer.finish())
        }
        return UnpackedFiles(
            Array(zip(ArchivePath.withoutCommonTopFolder(paths), blobs)), folder: ArchivePath.commonTopFolder(paths).map { $0 + "/" } ?? "")
    }

    /// A file's bytes as a blob.
    private func copy(_ path: String) throws -> StoredBlob {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        let writer = try writer()
        while let chunk = try file.read(upToCount: 1 << 20), !chunk.isEmpty { try chunk.withUnsafeBytes { try writer.write($0) } }
        return try writer.finish()
    }

    /// Bytes as a blob.
    func blob(of data: Data) throws -> StoredBlob {
        let writer = try writer()
        try data.withUnsafeBytes { try writer.write($0) }
        return try writer.finish()
    }
}
