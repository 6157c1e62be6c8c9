import Foundation
import Media
import Storage

/// A whole data folder in one tar: `pruner.sqlite` and `blobs/`, laid out as a server finds them. Unpacked into an empty folder it is a
/// data folder again; jobs that were running go on there from their last save.
enum Backup {
    /// Writes the file, which appears whole or not at all, while the store goes on being used.
    ///
    /// - Returns: how many blobs it holds, and its size.
    /// - Throws: ``StorageError``, ``ArchiveError``.
    static func write(_ database: Database, to path: String) throws -> (blobs: Int, bytes: Int64) {
        let partial = "\(path).partial-\(UInt32.random(in: .min ... .max))"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StorageError.file(doing: "make", path: partial, errno: errno) }
        defer {
            close(descriptor)
            // Fails when the file was moved to its place; then there is nothing to remove.
            unlink(partial)
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        var bytes: Int64 = 0
        let count = try database.withSnapshot { copy, blobs in
            let size = try FileManager.default.attributesOfItem(atPath: copy.path)[.size] as? Int64 ?? 0
            let items =
                [ArchiveItem(path: "pruner.sqlite", size: size, file: copy)]
                + blobs.map {
                    ArchiveItem(
                        path: "blobs/\($0.digest.hex.prefix(2))/\($0.digest.hex)", size: $0.size, file: database.blobs.url(for: $0.digest))
                }
            try ArchiveWriter(items).write(as: .tar) {
                try handle.write(contentsOf: Data($0))
                bytes += Int64($0.count)
            }
            return blobs.count
        }
        guard fsync(descriptor) == 0 else { throw StorageError.file(doing: "fsync", path: partial, errno: errno) }
        guard rename(partial, path) == 0 else { throw StorageError.file(doing: "rename to", path: path, errno: errno) }
        try DataFolder.synchronize(directory: (path as NSString).deletingLastPathComponent)
        return (count, bytes)
    }
}
