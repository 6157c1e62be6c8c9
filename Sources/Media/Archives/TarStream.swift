import CArchive
import Foundation

/// The bytes of a tar, out of its gzip where there is one, a buffer at a time, for libarchive's tar reader to pull from.
///
/// libarchive alone does not compare gzip's checksum, so that a flipped bit in weights would pass; this does, at the end. And it bounds what
/// libarchive would take without end: the bytes within a gzip, and what stands before a file, which it keeps in memory.
final class TarStream {
    /// Bytes that may stand before a file: headers, a long name, the list of a sparse file's parts. Honest ones are a few thousand.
    static let headerLimit = 4 << 20

    private let archive: OpaquePointer
    private let source: ArchiveSource
    private let isGzip: Bool
    private let packed: Int64
    private let limits: ArchiveReader.Limits
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    private var checksum = CRC32()
    private var total: Int64 = 0
    private var headerRoom: Int?
    private var entry = ""

    /// The first trouble met; a C callback cannot throw.
    private(set) var failure: ArchiveError?

    /// Opens a tar of `packed` bytes.
    init(_ source: ArchiveSource, isGzip: Bool, packed: Int64, limits: ArchiveReader.Limits) throws(ArchiveError) {
        guard let archive = archive_read_new() else { throw .unreadable(path: "", reason: "out of memory") }
        self.archive = archive
        self.source = source
        self.isGzip = isGzip
        self.packed = packed
        self.limits = limits
        if isGzip { archive_read_support_filter_gzip(archive) }
        archive_read_support_format_raw(archive)
        var header: OpaquePointer?
        // Opening reads the compressed beginning, which may be cut off.
        guard source.open(archive) == ARCHIVE_OK else { throw .damaged(entry: nil, reason: ArchiveLocale.reason(archive)) }
        guard archive_read_next_header(archive, &header) == ARCHIVE_OK else { throw damage() }
        // One layer, as sent by honest people; layers within layers multiply a bomb.
        guard !isGzip || archive_filter_count(archive) == 2 else { throw .notAnArchive(found: "no gzip file, or one within another") }
    }

    deinit {
        archive_read_free(archive)
        buffer.deallocate()
    }

    /// What is read from here on is what stands before the entry called `entry`.
    func beginHeader(_ entry: String) {
        self.entry = entry
        headerRoom = Self.headerLimit
    }

    /// What is read from here on is the content of `entry`.
    func beginContent(_ entry: String) {
        self.entry = entry
        headerRoom = nil
    }

    /// The next bytes, valid until the next call; empty at the end, nil after a `failure`.
    func read() -> UnsafeRawBufferPointer? {
        guard failure == nil else { return nil }
        let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
        guard count >= 0 else {
            failure = damage()
            return nil
        }
        let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count])
        if let room = headerRoom {
            guard count <= room else {
                failure = .damaged(entry: entry, reason: "more than \(Self.headerLimit) bytes stand before it")
                return nil
            }
            headerRoom = room - count
        }
        if isGzip {
            total += Int64(count)
            let limit = limits.streamSize(packed: packed)
            guard total <= limit else {
                failure =
                    limits.totalSize < limits.expansion(of: packed)
                    ? .tooLarge(entry: entry, limit: limit) : .tooCompressed(entry: entry, packed: packed, limit: limit)
                return nil
            }
            checksum.update(bytes)
        }
        return bytes
    }

    /// Reads a gzip on to its end and compares length and checksum (RFC 1952, section 2.3.1).
    ///
    /// A file of several members, as bgzip writes, has only the last one's figures at its end: there nothing can be compared.
    func finish() throws(ArchiveError) {
        guard isGzip else { return }
        headerRoom = nil
        while let bytes = read(), !bytes.isEmpty {}
        if let failure { throw failure }
        if case .stream(let stream) = source { stream.finish() }
        let trailer = try source.tail()
        func word(_ offset: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(trailer[offset + $1]) << UInt32(8 * $1) } }
        guard trailer.count == 8, word(4) == UInt32(truncatingIfNeeded: total) else { return }
        guard word(0) == checksum.value else { throw .damaged(entry: nil, reason: "gzip: the checksum does not agree") }
    }

    private func damage() -> ArchiveError {
        .damaged(entry: nil, reason: (isGzip ? "gzip: " : "") + ArchiveLocale.reason(archive))
    }
}
