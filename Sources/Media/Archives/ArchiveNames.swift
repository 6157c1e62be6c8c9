/// The paths of an archive's files, and of the folders around them, as far as it has been read.
package struct ArchiveNames {
    private let limits: ArchiveReader.Limits
    private var files: Set<String> = []
    private var folders: Set<String> = []
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
        guard !folders.contains(path), files.insert(path).inserted else { throw .duplicate(entry: path) }
        try count(path, of: path)
        var parent = path[...]
        while let slash = parent.utf8.lastIndex(of: UInt8(ascii: "/")) {
            parent = parent[..<slash]
            let folder = String(parent)
            guard !files.contains(folder) else { throw .duplicate(entry: folder) }
            guard folders.insert(folder).inserted else { return }
            guard folders.count <= limits.folders else { throw .tooManyFolders(entry: path, limit: limits.folders) }
            try count(folder, of: path)
        }
    }

    private mutating func count(_ name: String, of path: String) throws(ArchiveError) {
        size += name.utf8.count
        guard size <= limits.names else { throw .namesTooLong(entry: path, limit: limits.names) }
    }
}
