import Foundation
import Synchronization

/// Contents in files named by their SHA-256; the same bytes are stored once.
///
/// Write: a temporary file, hashed as it is written → fsync → rename → fsync of the directory → and only then the row that
/// refers to it. Remove: the row first, the file after. At every moment a crash leaves at most a file too many, never a row without one.
public final class BlobStore: Sendable {
    let folder: DataFolder
    let isReferenced: @Sendable (BlobDigest) throws(StorageError) -> Bool
    /// Writes down for the next process what is damaged, or, with nil, that it is not any more.
    let remember: @Sendable (BlobDigest, BlobDamage?) -> Void
    let checks = BlobChecks()
    /// Who is told what is damaged.
    let reporting = Mutex<(@Sendable (BlobDigest, BlobDamage) -> Void)?>(nil)
    /// The lock also orders placing and removing of files against each other.
    let state = Mutex(State())

    struct State {
        /// How many ``StoredBlob``s hold each digest.
        var held: [BlobDigest: Int] = [:]
        /// How many want every file to stay.
        var keepers = 0
        /// What was to be removed meanwhile.
        var postponed: Set<BlobDigest> = []
        /// What goes with its last holder although the rows can be read no more; nil while they can.
        var leaving: Set<BlobDigest>?
    }

    /// - Parameter damaged: what earlier processes found.
    init(
        folder: DataFolder, damaged: [(BlobDigest, BlobDamage)] = [], remember: @escaping @Sendable (BlobDigest, BlobDamage?) -> Void,
        isReferenced: @escaping @Sendable (BlobDigest) throws(StorageError) -> Bool
    ) {
        self.folder = folder
        self.remember = remember
        self.isReferenced = isReferenced
        // A file that is another one now has still to be looked at.
        for (digest, damage) in damaged where BlobFingerprint(path: url(for: digest).path)?.text == damage.fingerprint {
            _ = checks.markDamaged(digest, damage)
        }
    }

    /// Where the blob's file is. It can be opened while a row or a ``StoredBlob`` refers to it; an open file stays readable after that.
    public func url(for digest: BlobDigest) -> URL {
        directory(of: digest).appendingPathComponent(digest.hex, isDirectory: false)
    }

    /// Begins a new blob.
    public func writer() throws(StorageError) -> BlobWriter {
        BlobWriter(store: self, file: try TemporaryFile(in: folder, hashing: true, isKept: true))
    }

    /// A file that is never to become a blob: scratch space on the same disk, gone with the value.
    /// - Parameter hashing: whether its ``TemporaryFile/digest`` will be asked for.
    public func temporaryFile(hashing: Bool = false) throws(StorageError) -> TemporaryFile {
        try TemporaryFile(in: folder, hashing: hashing, isKept: false)
    }

    private func directory(of digest: BlobDigest) -> URL {
        folder.blobs.appendingPathComponent(String(digest.hex.prefix(2)), isDirectory: true)
    }

    /// Holds a blob that is in its place, such as one that belongs to a checkpoint and is to belong to another too.
    ///
    /// - Throws: ``StorageError`` where its file is not there.
    public func hold(_ digest: BlobDigest) throws(StorageError) -> StoredBlob {
        let path = url(for: digest).path
        let size = state.withLock { state -> Int64? in
            guard let size = Self.size(of: path) else { return nil }
            state.held[digest, default: 0] += 1
            return size
        }
        guard let size else { throw .file(doing: "find", path: path, errno: ENOENT) }
        return StoredBlob(digest: digest, size: size, store: self)
    }

    /// Moves a written file to its place. After a failure nothing of it is left.
    func keep(_ file: TemporaryFile) throws(StorageError) -> StoredBlob {
        try file.synchronize()
        let digest = file.digest
        var isMended = false
        let failure = state.withLock { state -> StorageError? in
            do throws(StorageError) {
                let path = url(for: digest).path
                // What is there may have suffered since it was written, unless it was read in this process: here are the right bytes.
                if !checks.isSound(digest, BlobFingerprint(path: path)) {
                    try move(file.url.path, to: digest)
                    if let fingerprint = BlobFingerprint(path: path) { isMended = checks.markSound(digest, fingerprint) }
                }
                state.held[digest, default: 0] += 1
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        if isMended { remember(digest, nil) }
        return StoredBlob(digest: digest, size: file.size, store: self)
    }

    /// Moves a file that is on the disk for good to a blob's place. While the lock is held.
    func move(_ source: String, to digest: BlobDigest) throws(StorageError) {
        let directory = directory(of: digest).path
        let path = url(for: digest).path
        if access(directory, F_OK) != 0 {
            try DataFolder.makeDirectory(directory)
            do throws(StorageError) { try DataFolder.synchronize(directory: folder.blobs.path) } catch {
                rmdir(directory)
                throw error
            }
        }
        let isReplaced = access(path, F_OK) == 0
        guard rename(source, path) == 0 else { throw .file(doing: "rename to", path: path, errno: errno) }
        do throws(StorageError) { try DataFolder.synchronize(directory: directory) } catch {
            // Where there was a file before, rows may refer to it, and either of the two will be there after a crash.
            if !isReplaced { rename(path, source) }
            throw error
        }
    }

    /// Bytes of the file at `path`; nil where there is none.
    static func size(of path: String) -> Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }

    /// One holder less; the last one takes the blob along unless a row refers to it.
    func release(_ digest: BlobDigest) {
        state.withLock { state in
            let left = (state.held[digest] ?? 1) - 1
            state.held[digest] = left > 0 ? left : nil
            if left == 0 { removeIfUnreferenced(digest, &state) }
        }
    }

    /// Removes the files of those blobs that neither a row nor a ``StoredBlob`` refers to (any more).
    func collect(_ digests: some Sequence<BlobDigest>) {
        state.withLock { state in
            for digest in digests { removeIfUnreferenced(digest, &state) }
        }
    }

    /// Until as many calls of ``stopKeepingAll()`` no file is removed.
    func keepAll() {
        state.withLock { $0.keepers += 1 }
    }

    /// Removes what was to be removed meanwhile, if no one else keeps everything.
    func stopKeepingAll() {
        state.withLock { state in
            state.keepers -= 1
            guard state.keepers == 0 else { return }
            let postponed = state.postponed
            state.postponed = []
            for digest in postponed { removeIfUnreferenced(digest, &state) }
        }
    }

    @discardableResult
    private func removeIfUnreferenced(_ digest: BlobDigest, _ state: inout State) -> Bool {
        guard state.held[digest] == nil else { return false }
        guard state.keepers == 0 else {
            state.postponed.insert(digest)
            return false
        }
        // When the rows cannot be read the file stays: start-up puts it aside.
        guard isUnreferenced(digest, state) else { return false }
        checks.forget(digest)
        return unlink(url(for: digest).path) == 0
    }

    private func isUnreferenced(_ digest: BlobDigest, _ state: State) -> Bool {
        if let leaving = state.leaving { return leaving.contains(digest) }
        return (try? isReferenced(digest)) == false
    }

    /// The rows can be read no more after this: what is held and they do not refer to still goes with its last holder.
    func rowsAreClosing() {
        state.withLock { state in
            guard state.leaving == nil else { return }
            state.leaving = Set(state.held.keys.filter { (try? isReferenced($0)) == false })
        }
    }
}
