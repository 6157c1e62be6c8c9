/// The paths of an archive's files, and of the folders around them, as far as it has been read. Paths are compared byte by byte, as file
/// systems do: texts are the same to Swift however their accents are written.
package struct ArchiveNames {
    private let limits: ArchiveReader.Limits
    private var files: Set<[UInt8]> = []
    private var folders: Set<[UInt8]> = []
    private var size = 0

    /// None yet.
    package init(limits: ArchiveReader.Limits) {
        self.limits = limits
    }

    /// Whether there is no file yet.
    var isEmpty: Bool { files.isEmpty }

    /// Takes note of a file. Throws `duplicate` when there is one of that name, or when a path would be both a file and a folder;
    /// `tooManyFolders` and `namesTooLong` beyond the limits.
    package mutating func claim(_ path: String) throws(ArchiveError) {
        let bytes = Array(path.utf8)
        guard !folders.contains(bytes), files.insert(bytes).inserted else { throw .duplicate(entry: path) }
        try count(bytes, of: path)
        var parent = bytes[...]
        while let slash = parent.lastIndex(of: UInt8(ascii: "/")) {
            parent = parent[..<slash]
            let folder = Array(parent)
            guard !files.contains(folder) else { throw .duplicate(entry: String(decoding: folder, as: UTF8.self)) }
            guard folders.insert(folder).inserted else { return }
            guard folders.count <= limits.folders else { throw .tooManyFolders(entry: path, limit: limits.folders) }
            try count(folder, of: path)
        }
    }

    private mutating func count(_ name: [UInt8], of path: String) throws(ArchiveError) {
        size += name.count
        guard size <= limits.names else { throw .namesTooLong(entry: path, limit: limits.names) }
    }
}
