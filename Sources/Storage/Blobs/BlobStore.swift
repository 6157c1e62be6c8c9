import Foundation
import Synchronization

/// Contents in files named by their SHA-256; the same bytes are stored once.
///
/// Write: a temporary file, hashed as it is written → fsync → rename → fsync of the directory → and only then the row that
/// refers to it. Remove: the row first, the file after. At every moment a crash leaves at most a file too many, never a row without one.
public final class BlobStore: Sendable {
    private let folder: DataFolder
    private let isReferenced: @Sendable (BlobDigest) throws(StorageError) -> Bool
    /// How many ``StoredBlob``s hold each digest. The lock also orders placing and removing of files against each other.
    private let held = Mutex<[BlobDigest: Int]>([:])

    init(folder: DataFolder, isReferenced: @escaping @Sendable (BlobDigest) throws(StorageError) -> Bool) {
        self.folder = folder
        self.isReferenced = isReferenced
    }

    /// Where the blob's file is. It can be opened while a row or a ``StoredBlob`` refers to it; an open file stays readable after that.
    public func url(for digest: BlobDigest) -> URL {
        directory(of: digest).appendingPathComponent(digest.hex, isDirectory: false)
    }

    /// Begins a new blob.
    public func writer() throws(StorageError) -> BlobWriter {
        BlobWriter(store: self, file: try TemporaryFile(in: folder))
    }

    /// A file that is never to become a blob: scratch space on the same disk, gone with the value.
    public func temporaryFile() throws(StorageError) -> TemporaryFile {
        try TemporaryFile(in: folder)
    }

    private func directory(of digest: BlobDigest) -> URL {
        folder.blobs.appendingPathComponent(String(digest.hex.prefix(2)), isDirectory: true)
    }

    /// Moves a written file to its place.
    func keep(_ file: TemporaryFile, as digest: BlobDigest) throws(StorageError) -> StoredBlob {
        try file.synchronize()
        let directory = directory(of: digest)
        let path = url(for: digest).path
        let temporary = file.url.path
        let failure = held.withLock { held -> StorageError? in
            do throws(StorageError) {
                if access(path, F_OK) != 0 {
                    if access(directory.path, F_OK) != 0 {
                        try DataFolder.makeDirectory(directory.path)
                        try DataFolder.synchronize(directory: folder.blobs.path)
                    }
                    guard rename(temporary, path) == 0 else { return .file(doing: "rename to", path: path, errno: errno) }
                    try DataFolder.synchronize(directory: directory.path)
                }
                held[digest, default: 0] += 1
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        return StoredBlob(digest: digest, size: file.size, store: self)
    }

    /// One holder less; the last one takes the blob along unless a row refers to it.
    func release(_ digest: BlobDigest) {
        held.withLock { held in
            let left = (held[digest] ?? 1) - 1
            held[digest] = left > 0 ? left : nil
            if left == 0 { removeIfUnreferenced(digest, held) }
        }
    }

    /// Removes the files of those blobs that neither a row nor a ``StoredBlob`` refers to (any more).
    func collect(_ digests: some Sequence<BlobDigest>) {
        held.withLock { held in
            for digest in digests { removeIfUnreferenced(digest, held) }
        }
    }

    private func removeIfUnreferenced(_ digest: BlobDigest, _ held: [BlobDigest: Int]) {
        // When the rows cannot be read the file stays: start-up collects it.
        guard held[digest] == nil, (try? isReferenced(digest)) == false else { return }
        unlink(url(for: digest).path)
    }

    /// Removes every file under `blobs/` that no row refers to, whatever its name.
    func collectUnreferenced() throws(StorageError) {
        for prefix in try DataFolder.names(in: folder.blobs.path) {
            let directory = folder.blobs.appendingPathComponent(prefix, isDirectory: true)
            for name in try DataFolder.names(in: directory.path) {
                if let digest = BlobDigest(hex: name), name.hasPrefix(prefix), try isReferenced(digest) { continue }
                unlink(directory.appendingPathComponent(name, isDirectory: false).path)
            }
        }
    }
}
