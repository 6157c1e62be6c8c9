/// Where a zip's central directory is, by its end records (PKWARE APPNOTE 4.3.14 to 4.3.16).
struct ZipDirectoryEnd {
    /// Entries in the directory.
    let count: Int
    /// The offset of its first header.
    let start: Int
    /// Its bytes.
    let size: Int

    /// Reads the end record, which must be the file's last 22 bytes: torch.save writes no comment, and a second place to look would be
    /// a second directory.
    init(_ file: ByteFile) throws(TorchFileError) {
        let missing = TorchFileError.archive(
            entry: nil, trouble: "no end record in its last 22 bytes; it is cut short, or something follows")
        guard file.size >= 22 else { throw missing }
        let end = file.size - 22
        var cursor = ByteCursor(try file.bytes(at: end, count: 22))
        guard cursor.number(4) == 0x0605_4B50, let disks = cursor.number(4), let here = cursor.number(2), let all = cursor.number(2),
            let size = cursor.number(4), let start = cursor.number(4), cursor.number(2) == 0
        else { throw missing }
        guard disks == 0, here == all else { throw .archive(entry: nil, trouble: "it is one of several disks") }
        let wide = try Self.zip64(file, before: end)
        if let wide {
            let isSame =
                (all == 0xFFFF || all == wide.count) && (size == 0xFFFF_FFFF || size == wide.size)
                && (start == 0xFFFF_FFFF || start == wide.start)
            guard isSame else { throw .archive(entry: nil, trouble: "its two end records disagree") }
        }
        guard let count = Int(exactly: wide?.count ?? all), let first = Int(exactly: wide?.start ?? start),
            let length = Int(exactly: wide?.size ?? size), first <= end, length <= end, first + length == wide?.position ?? end
        else { throw .archive(entry: nil, trouble: "its directory is not where its end record says") }
        self.count = count
        self.start = first
        self.size = length
    }

    private struct Wide {
        let position: Int
        let count: UInt64
        let size: UInt64
        let start: UInt64
    }

    /// The zip64 end record, found by its locator; nil when there is no locator.
    private static func zip64(_ file: ByteFile, before end: Int) throws(TorchFileError) -> Wide? {
        guard end >= 20 + 56 else { return nil }
        var locator = ByteCursor(try file.bytes(at: end - 20, count: 20))
        guard locator.number(4) == 0x0706_4B50 else { return nil }
        let broken = TorchFileError.archive(entry: nil, trouble: "its zip64 end record is not where its locator says")
        guard locator.number(4) == 0, let position = locator.integer(8), locator.number(4) == 1, position == end - 20 - 56 else {
            throw broken
        }
        var record = ByteCursor(try file.bytes(at: position, count: 56))
        guard record.number(4) == 0x0606_4B50, record.number(8) == 44, record.number(4) != nil, record.number(8) == 0,
            let here = record.number(8), let all = record.number(8), here == all, let size = record.number(8), let start = record.number(8)
        else { throw broken }
        return Wide(position: position, count: all, size: size, start: start)
    }
}
