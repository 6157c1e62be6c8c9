/// The entries of a zip of the one kind that torch.save writes: stored, one after the other from byte 0, described twice and both times
/// alike (PKWARE APPNOTE 4.3; section numbers below).
///
/// Scanners and loaders have disagreed about which of two descriptions counts. Here a file on which they could disagree is refused.
struct ZipIndex {
    /// The entries in the order of their bytes.
    let entries: [ZipEntry]

    /// Entries that a file of so many bytes may have: one for each tensor, and never more than any published network has ten times over.
    static func limit(fileSize: Int) -> Int { min(60_000, 4096 + fileSize / 256) }

    /// Reads the directory and every local header.
    ///
    /// - Throws: ``TorchFileError/archive(entry:trouble:)``: compressed, encrypted, duplicate or overlapping entries, headers that
    ///   disagree, unsafe names, bytes that belong to nobody, or more entries than such a file may have.
    init(_ file: ByteFile) throws(TorchFileError) {
        let directory = try ZipDirectoryEnd(file)
        // An entry takes some 200 bytes of memory; in the file it takes as many as well, its padding counted.
        let limit = Self.limit(fileSize: file.size)
        guard directory.count <= limit else { throw .archive(entry: nil, trouble: "\(directory.count) entries, at most \(limit) are read") }
        var entries = try Self.central(file, directory, limit: limit)
        entries.sort { $0.header < $1.header }
        var position = 0
        for index in entries.indices {
            guard entries[index].header == position else {
                throw .archive(
                    entry: entries[index].name,
                    trouble: entries[index].header < position ? "overlaps the one before" : "has unclaimed bytes before it")
            }
            position = try Self.local(file, &entries[index], limit: directory.start)
        }
        guard position == directory.start else { throw .archive(entry: nil, trouble: "unclaimed bytes before its directory") }
        self.entries = entries
    }

    /// 4.3.12: the central directory's headers.
    private static func central(_ file: ByteFile, _ directory: ZipDirectoryEnd, limit: Int) throws(TorchFileError) -> [ZipEntry] {
        var entries: [ZipEntry] = []
        var names: Set<String> = []
        var offset = directory.start
        let end = directory.start + directory.size
        while entries.count < directory.count {
            guard end - offset >= 46 else { throw .archive(entry: nil, trouble: "its directory ends early") }
            var fixed = ByteCursor(try file.bytes(at: offset, count: 46))
            guard fixed.number(4) == 0x0201_4B50, fixed.number(4) != nil, let flags = fixed.integer(2), let method = fixed.integer(2),
                fixed.number(4) != nil, let checksum = fixed.number(4), let packed = fixed.number(4), let plain = fixed.number(4),
                let nameLength = fixed.integer(2), let extraLength = fixed.integer(2), let commentLength = fixed.integer(2),
                let disk = fixed.integer(2), fixed.number(6) != nil, let header = fixed.number(4)
            else { throw .archive(entry: nil, trouble: "its directory holds something other than entries") }
            guard end - offset - 46 >= nameLength + extraLength + commentLength else {
                throw .archive(entry: nil, trouble: "its directory ends early")
            }
            let tail = try file.bytes(at: offset + 46, count: nameLength + extraLength)
            let name = try checkedName(tail.prefix(nameLength))
            guard names.insert(name).inserted else { throw .archive(entry: name, trouble: "is there more than once") }
            guard flags & 1 == 0 else { throw .archive(entry: name, trouble: "is encrypted") }
            // Bit 3: sizes stand behind the data. Bit 11: the name is UTF-8.
            guard flags & ~0x808 == 0 else { throw .archive(entry: name, trouble: "has flags \(flags) that torch.save does not set") }
            guard method == 0 else { throw .archive(entry: name, trouble: "is compressed (method \(method)); torch.save stores") }
            guard disk == 0 || disk == 0xFFFF else { throw .archive(entry: name, trouble: "is on another disk") }
            let extra = ZipExtra(tail[nameLength...])
            guard let sizes = extra.wide([plain, packed, header]), let size = Int(exactly: sizes[0]), sizes[0] == sizes[1],
                let start = Int(exactly: sizes[2])
            else { throw .archive(entry: name, trouble: "has sizes that disagree") }
            guard start < directory.start, size <= directory.start else { throw .archive(entry: name, trouble: "lies outside the file") }
            entries.append(
                ZipEntry(name: name, header: start, start: 0, size: size, checksum: UInt32(truncatingIfNeeded: checksum), flags: flags))
            offset += 46 + nameLength + extraLength + commentLength
        }
        guard offset == end else { throw .archive(entry: nil, trouble: "its directory is longer than its entries") }
        return entries
    }

    /// 4.3.7 and 4.3.9: the local header, which must agree, and what follows the data; gives the offset behind it.
    private static func local(_ file: ByteFile, _ entry: inout ZipEntry, limit: Int) throws(TorchFileError) -> Int {
        let disagreement = TorchFileError.archive(entry: entry.name, trouble: "has two headers that disagree")
        guard limit - entry.header >= 30 else { throw disagreement }
        var fixed = ByteCursor(try file.bytes(at: entry.header, count: 30))
        guard fixed.number(4) == 0x0403_4B50, fixed.number(2) != nil, let flags = fixed.integer(2), let method = fixed.integer(2),
            fixed.number(4) != nil, let checksum = fixed.number(4), let packed = fixed.number(4), let plain = fixed.number(4),
            let nameLength = fixed.integer(2), let extraLength = fixed.integer(2)
        else { throw disagreement }
        guard flags == entry.flags, method == 0, nameLength == entry.name.utf8.count,
            limit - entry.header - 30 >= nameLength + extraLength
        else { throw disagreement }
        let tail = try file.bytes(at: entry.header + 30, count: nameLength + extraLength)
        guard tail.prefix(nameLength).elementsEqual(entry.name.utf8) else { throw disagreement }
        guard let sizes = ZipExtra(tail[nameLength...]).wide([plain, packed]) else { throw disagreement }
        let deferred = flags & 8 != 0
        let agrees = sizes == [UInt64(entry.size), UInt64(entry.size)] && UInt32(truncatingIfNeeded: checksum) == entry.checksum
        guard agrees || (deferred && sizes == [0, 0] && checksum == 0) else { throw disagreement }
        entry.start = entry.header + 30 + nameLength + extraLength
        guard entry.size <= limit - entry.start else { throw .archive(entry: entry.name, trouble: "overlaps the directory") }
        return deferred ? try descriptor(file, entry, limit: limit) : entry.end
    }

    /// 4.3.9: signature, checksum and the two sizes, of 4 bytes each or, for zip64, of 8.
    private static func descriptor(_ file: ByteFile, _ entry: ZipEntry, limit: Int) throws(TorchFileError) -> Int {
        for width in [4, 8] where limit - entry.end >= 8 + 2 * width {
            var cursor = ByteCursor(try file.bytes(at: entry.end, count: 8 + 2 * width))
            guard cursor.number(4) == 0x0807_4B50, cursor.number(4) == UInt64(entry.checksum), cursor.integer(width) == entry.size,
                cursor.integer(width) == entry.size
            else { continue }
            // 4 bytes of a short descriptor could read as 8 only when the size is 0; then what follows decides.
            if width == 4, entry.size == 0, limit - entry.end >= 24, try file.bytes(at: entry.end + 16, count: 4) == [0, 0, 0, 0] {
                continue
            }
            return entry.end + 8 + 2 * width
        }
        throw .archive(entry: entry.name, trouble: "is not followed by the sizes that its directory gives")
    }

    private static func checkedName(_ bytes: ArraySlice<UInt8>) throws(TorchFileError) -> String {
        guard (1...512).contains(bytes.count), let name = String(validating: bytes, as: UTF8.self),
            !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") })
        else { throw .archive(entry: nil, trouble: "an entry's name is no text of 1 to 512 bytes") }
        let components = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard !components.contains(where: { $0.isEmpty || $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }) else {
            throw .archive(entry: name, trouble: "has an unsafe name")
        }
        return name
    }
}
