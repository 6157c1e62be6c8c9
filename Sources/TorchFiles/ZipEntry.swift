/// One stored entry of a zip: where its bytes are.
struct ZipEntry {
    /// Its name, checked but never to be used as a path.
    let name: String
    /// The offset of its local header.
    let header: Int
    /// The offset of its first byte.
    var start: Int
    /// How many bytes it has.
    let size: Int
    /// The checksum that the directory gives.
    let checksum: UInt32
    /// The general purpose flags.
    let flags: Int

    /// Where its bytes end.
    var end: Int { start + size }
}
