import CArchive
import Foundation

/// The bytes inside a gzip file, one buffer at a time, for libarchive's tar reader to pull from.
///
/// libarchive alone does not compare gzip's checksum, so that a flipped bit in weights would pass; this does, at the end.
final class GzipStream {
    private let archive: OpaquePointer
    private let limit: Int64
    private let trailer: [UInt8]
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    private var checksum = CRC32()
    private var total: Int64 = 0

    /// The first trouble met; a C callback cannot throw.
    private(set) var failure: ArchiveError?

    /// Opens the gzip file at `path`, whose last eight bytes are `trailer`; more than `limit` bytes inside are refused.
    init(path: String, trailer: [UInt8], limit: Int64) throws(ArchiveError) {
        guard let archive = archive_read_new() else { throw .unreadable(path: path, reason: "out of memory") }
        self.archive = archive
        self.limit = limit
        self.trailer = trailer
        archive_read_support_filter_gzip(archive)
        archive_read_support_format_raw(archive)
        var entry: OpaquePointer?
        guard archive_read_open_filename(archive, path, 1 << 16) == ARCHIVE_OK else {
            throw .unreadable(path: path, reason: ArchiveLocale.reason(archive))
        }
        guard archive_read_next_header(archive, &entry) == ARCHIVE_OK else {
            throw .damaged(entry: nil, reason: "gzip: \(ArchiveLocale.reason(archive))")
        }
        // One layer, as sent by honest people; layers within layers multiply a bomb.
        guard archive_filter_count(archive) == 2 else { throw .notAnArchive(found: "no gzip file, or one within another") }
    }

    deinit {
        archive_read_free(archive)
        buffer.deallocate()
    }

    /// The next bytes, valid until the next call; empty at the end, nil after a `failure`.
    func read() -> UnsafeRawBufferPointer? {
        guard failure == nil else { return nil }
        let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
        guard count >= 0 else {
            failure = .damaged(entry: nil, reason: "gzip: \(ArchiveLocale.reason(archive))")
            return nil
        }
        total += Int64(count)
        guard total <= limit else {
            failure = .tooLarge(entry: "tar.gz", limit: limit)
            return nil
        }
        let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count])
        checksum.update(bytes)
        return bytes
    }

    /// Reads on to the end and compares length and checksum (RFC 1952, section 2.3.1).
    ///
    /// A file of several members, as bgzip writes, has only the last one's figures at its end: there nothing can be compared.
    func finish() throws(ArchiveError) {
        while let bytes = read(), !bytes.isEmpty {}
        if let failure { throw failure }
        func word(_ offset: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(trailer[offset + $1]) << UInt32(8 * $1) } }
        guard trailer.count == 8, word(4) == UInt32(truncatingIfNeeded: total) else { return }
        guard word(0) == checksum.value else { throw .damaged(entry: nil, reason: "gzip: the checksum does not agree") }
    }
}
