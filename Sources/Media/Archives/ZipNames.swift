/// A zip's names that are not ASCII as its directory has them: libarchive gives every name composed (Unicode's form C), by which two files
/// could become one.
struct ZipNames {
    /// By the name however it is written, in the order in which libarchive reads: that of the entries' places.
    private var names: [String: [(offset: UInt64, name: String)]] = [:]
    /// Whether the order is known.
    private var isOrdered = true

    /// None.
    init() {}

    /// Takes note of an entry (PKWARE APPNOTE 4.3.12).
    ///
    /// - Parameters:
    ///   - name: as the directory has it.
    ///   - extra: its extra fields, of which Info-ZIP's Unicode path (4.6.9) wins over the name, as with libarchive.
    ///   - offset: where the entry stands, in 32 bits.
    mutating func add(_ name: ArraySlice<UInt8>, extra: ArraySlice<UInt8>, offset: UInt64) {
        let name = Self.unicodePath(extra) ?? name
        guard name.count <= ArchivePath.maximumLength, name.contains(where: { $0 >= 0x80 }),
            let text = String(validating: name, as: UTF8.self)
        else { return }
        // Of an entry beyond 4 GiB the place stands elsewhere.
        if offset == 0xFFFF_FFFF { isOrdered = false }
        names[text, default: []].append((offset, text))
    }

    /// Brings the names into the order in which they are read, when all are known.
    mutating func end() {
        for (key, alike) in names where alike.count > 1 {
            names[key] = isOrdered ? alike.sorted { $0.offset < $1.offset } : []
        }
    }

    /// The bytes of the next entry whose name libarchive calls `name`; nil where it is what they are, for all that is known.
    mutating func next(_ name: UnsafeRawBufferPointer) -> [UInt8]? {
        guard !names.isEmpty, name.contains(where: { $0 >= 0x80 }), name.count <= ArchivePath.maximumLength,
            let text = String(validating: name, as: UTF8.self), let found = names[text]?.first
        else { return nil }
        names[text]?.removeFirst()
        return Array(found.name.utf8)
    }

    private static func unicodePath(_ extra: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var rest = extra
        while rest.count >= 4 {
            let head = Array(rest.prefix(4)).map(Int.init)
            let (kind, size) = (head[0] | head[1] << 8, head[2] | head[3] << 8)
            let field = rest.dropFirst(4).prefix(size)
            // A version and a checksum stand before the name.
            if kind == 0x7075, field.count == size, size > 5 { return field.dropFirst(5) }
            rest = rest.dropFirst(4 + size)
        }
        return nil
    }
}
