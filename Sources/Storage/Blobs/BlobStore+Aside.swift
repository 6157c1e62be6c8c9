import Foundation

extension BlobStore {
    /// How many files, and their bytes.
    public struct Amount: Sendable, Equatable {
        /// Files, or folders that lay where files should.
        public internal(set) var files = 0
        /// Bytes.
        public internal(set) var bytes: Int64 = 0
    }

    /// Moves everything under `blobs/` that neither a row nor a ``StoredBlob`` refers to, whatever its name, to the folder `aside`.
    ///
    /// It is not removed: where the database was lost or is another's, no row refers to anything.
    func setAsideUnreferenced(on day: String) throws(StorageError) -> Amount {
        var moved = Amount()
        var changed: Set<String> = []
        for entry in try files() {
            let path = entry.url.path
            let size = Self.size(of: path) ?? 0
            if let digest = entry.digest {
                let isMoved = try state.withLock { state throws(StorageError) -> Bool in
                    // When the rows cannot be read the file stays.
                    guard state.held[digest] == nil, state.keepers == 0, (try? isReferenced(digest)) == false else { return false }
                    try folder.aside.take(path, on: day)
                    return true
                }
                guard isMoved else { continue }
            } else {
                try folder.aside.take(path, on: day)
            }
            moved.files += 1
            moved.bytes += size
            changed.insert(entry.url.deletingLastPathComponent().path)
        }
        guard moved.files > 0 else { return moved }
        // Their new places first: a power cut may leave a file in both, but not in none.
        try folder.aside.synchronize(day)
        for directory in changed.sorted() { try DataFolder.synchronize(directory: directory) }
        return moved
    }

    /// Moves a file whose digest has been checked to its place, in place of what is there. It stays for as long as someone keeps all.
    func putBack(_ url: URL, as digest: BlobDigest) throws(StorageError) {
        let failure = state.withLock { _ -> StorageError? in
            do throws(StorageError) {
                try move(url.path, to: digest)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Removes files that nothing refers to, and does not return before they are gone for good.
    func removeForGood(_ digests: [BlobDigest]) throws(StorageError) {
        collect(digests)
        for prefix in Set(digests.map { $0.hex.prefix(2) }) {
            let directory = folder.blobs.appendingPathComponent(String(prefix), isDirectory: true).path
            if access(directory, F_OK) == 0 { try DataFolder.synchronize(directory: directory) }
        }
    }

    /// Everything under `blobs/`, with its digest where its name and place are a blob's; what is no file, or lies in no folder of two
    /// digits, without.
    func files() throws(StorageError) -> [(url: URL, digest: BlobDigest?)] {
        var files: [(url: URL, digest: BlobDigest?)] = []
        for prefix in try DataFolder.names(in: folder.blobs.path).sorted() {
            let directory = folder.blobs.appendingPathComponent(prefix, isDirectory: true)
            guard Self.isPrefix(prefix), Self.kind(of: directory.path) == S_IFDIR else {
                files.append((folder.blobs.appendingPathComponent(prefix, isDirectory: false), nil))
                continue
            }
            for name in try DataFolder.names(in: directory.path).sorted() {
                let url = directory.appendingPathComponent(name, isDirectory: false)
                let isBlob = name.hasPrefix(prefix) && Self.kind(of: url.path) == S_IFREG
                files.append((url, isBlob ? BlobDigest(hex: name) : nil))
            }
        }
        return files
    }

    /// Whether there is anything under `blobs/` that may be someone's.
    static func isEmpty(_ folder: DataFolder) throws(StorageError) -> Bool {
        for prefix in try DataFolder.names(in: folder.blobs.path) {
            let directory = folder.blobs.appendingPathComponent(prefix, isDirectory: true).path
            guard isPrefix(prefix), kind(of: directory) == S_IFDIR else { continue }
            for name in try DataFolder.names(in: directory) where BlobDigest(hex: name) != nil { return false }
        }
        return true
    }

    /// The first two digits of a digest.
    private static func isPrefix(_ name: String) -> Bool {
        name.utf8.count == 2 && BlobDigest(hex: String(repeating: name, count: 32)) != nil
    }

    private static func kind(of path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }
}
