import Server

/// Reads an archive to its end: path and bytes of every entry, in order.
func archiveContents(_ path: String, limits: ArchiveReader.Limits = .init()) throws(ArchiveError) -> [(path: String, bytes: [UInt8])] {
    let archive = try ArchiveReader(path: path, limits: limits)
    var result: [(path: String, bytes: [UInt8])] = []
    while let entry = try archive.next() {
        result.append((entry.path, try archive.readAll(atMost: 1 << 24)))
    }
    return result
}
