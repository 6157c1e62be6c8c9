import Media

/// Reads an archive to its end: path and bytes of every entry, in order.
package func archiveContents(
    _ path: String, limits: ArchiveReader.Limits = .init()
) throws(ArchiveError) -> [(path: String, bytes: [UInt8])] {
    try contents(of: ArchiveReader(path: path, limits: limits))
}

/// The same of bytes as they come, in pieces of `piece` bytes, when `promised` were to come (nil: as many as do).
package func archiveContents(
    _ bytes: [UInt8], piece: Int, promised: Int64? = nil, limits: ArchiveReader.Limits = .init()
) throws(ArchiveError) -> [(path: String, bytes: [UInt8])] {
    var left = bytes[...]
    let stream = ArchiveStream(size: promised ?? Int64(bytes.count)) {
        defer { left = left.dropFirst(piece) }
        return left.isEmpty ? nil : Array(left.prefix(piece))
    }
    let result = try contents(of: ArchiveReader(.stream(stream), limits: limits))
    guard left.isEmpty else { throw .damaged(entry: nil, reason: "not read to its end") }
    return result
}

private func contents(of archive: ArchiveReader) throws(ArchiveError) -> [(path: String, bytes: [UInt8])] {
    var result: [(path: String, bytes: [UInt8])] = []
    while let entry = try archive.next() {
        result.append((entry.path, try archive.readAll(atMost: 1 << 24)))
    }
    return result
}
