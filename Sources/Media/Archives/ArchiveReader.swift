import CArchive
import Foundation

/// A tar, tar.gz or zip file from a stranger, one entry after the other, in constant memory.
///
///     let archive = try ArchiveReader(path: file)
///     while let entry = try archive.next() {
///         let writer = try blobs.writer()
///         while let chunk = try archive.readChunk() { try writer.write(chunk) }
///     }
///
/// What the file is, its content says. Folders are passed over, and so is what macOS leaves behind (`._*`, `.DS_Store`, `__MACOSX/`) unless it
/// is asked for; all that could lead out of the archive, or is no plain file, is refused. Everything is checked as it is read: only when `next()`
/// has returned nil was the archive whole, so keep nothing of it before. An entry that is not read is passed over, its bytes unchecked.
package final class ArchiveReader {
    /// One file of the archive.
    package struct Entry: Sendable, Equatable {
        /// Relative, `/`-separated, without `.`, `..` or empty components.
        package let path: String
        /// Bytes, uncompressed, where the archive says so beforehand; reading checks it.
        package let size: Int64?
    }

    private let archive: OpaquePointer
    private let source: ArchiveSource
    private let format: ArchiveFormat
    private let limits: Limits
    private let givesLitter: Bool
    /// Bytes of the archive itself.
    private let packed: Int64
    /// What a tar is pulled from; nil for a zip, in which libarchive seeks.
    private let stream: TarStream?
    private let locale: ArchiveLocale
    private var zipNames = ZipNames()
    private var names: ArchiveNames
    private var entryCount = 0
    private var totalSize: Int64 = 0
    private var current: Entry?
    private var currentRead: Int64 = 0
    private var hasEnded = false

    /// Opens the file at `path`; throws `notAnArchive` when its beginning is of another kind.
    package convenience init(path: String, limits: Limits = Limits()) throws(ArchiveError) {
        try self.init(.file(path: path), limits: limits)
    }

    /// Opens an archive; throws `notAnArchive` when its beginning is of another kind. A zip must be a file: its directory stands at its end.
    ///
    /// - Parameter givesLitter: whether what macOS leaves behind is given, too, for whoever counts it. Such names may come twice.
    package init(_ source: ArchiveSource, limits: Limits = Limits(), givesLitter: Bool = false) throws(ArchiveError) {
        let format = try ArchiveFormat.detect(source.head())
        let packed = try source.size()
        let stream = format == .zip ? nil : try TarStream(source, isGzip: format == .tarGz, packed: packed, limits: limits)
        if format == .zip {
            guard case .file(let path) = source else { throw .notAnArchive(found: "a zip file, which cannot be read as it comes") }
            zipNames = try ZipDirectory.names(path: path, entries: limits.entries)
        }
        guard let archive = archive_read_new() else { throw .unreadable(path: "", reason: "out of memory") }
        self.archive = archive
        self.source = source
        self.format = format
        self.limits = limits
        self.givesLitter = givesLitter
        self.packed = packed
        self.stream = stream
        locale = format == .zip ? .utf8 : .bytes
        names = ArchiveNames(limits: limits)
        let status = locale.use {
            if format == .zip {
                // The central directory is what unzip and Python go by; the streaming reader would go by the local headers.
                archive_read_support_format_zip_seekable(archive)
                archive_read_set_options(archive, "hdrcharset=UTF-8")
            } else {
                archive_read_support_format_tar(archive)
            }
            guard let stream else { return source.open(archive) }
            return archive_read_open(
                archive, Unmanaged.passUnretained(stream).toOpaque(), nil,
                { _, context, bytes in
                    let stream = Unmanaged<TarStream>.fromOpaque(context!).takeUnretainedValue()
                    guard let read = stream.read() else { return -1 }
                    bytes?.pointee = read.baseAddress
                    return read.count
                }, nil)
        }
        guard status == ARCHIVE_OK else { throw damage() }
    }

    deinit { archive_read_free(archive) }

    /// Moves to the next file; nil when the archive has ended as it should. Throws `empty` when it has ended without a file.
    package func next() throws(ArchiveError) -> Entry? {
        while !hasEnded {
            if entryCount > 0 {
                stream?.beginContent(current?.path ?? ArchiveError.numbered(entryCount))
                guard archive_read_data_skip(archive) >= ARCHIVE_WARN else { throw damage() }
            }
            current = nil
            currentRead = 0
            let position = archive_filter_bytes(archive, 0)
            var header: OpaquePointer?
            // libarchive takes an old ENOMEM for its own when a name cannot be decoded.
            errno = 0
            stream?.beginHeader(ArchiveError.numbered(entryCount + 1))
            let status = locale.use { archive_read_next_header(archive, &header) }
            if status == ARCHIVE_EOF {
                hasEnded = true
                try finish(position: position)
                break
            }
            // A warning is about what is not used here (owners, times) or about a name, which is checked below.
            guard status == ARCHIVE_OK || status == ARCHIVE_WARN, let header else { throw damage() }
            entryCount += 1
            guard entryCount <= limits.entries else { throw .tooManyEntries(limit: limits.entries) }
            if let entry = try file(header) {
                current = entry
                stream?.beginContent(entry.path)
                return entry
            }
        }
        return nil
    }

    /// Reads on in the current entry into `buffer`; 0 at its end.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(ArchiveError) -> Int {
        guard let current, !buffer.isEmpty else { return 0 }
        let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
        guard count >= 0 else { throw damage() }
        currentRead += Int64(count)
        if let size = current.size {
            guard currentRead <= size, count > 0 || currentRead == size else {
                throw .damaged(entry: current.path, reason: "its size is not the one announced")
            }
        } else {
            try add(Int64(count), of: current.path)
        }
        return count
    }

    /// The next up to 256 KiB of the current entry; nil at its end.
    package func readChunk() throws(ArchiveError) -> [UInt8]? {
        let room = Int(min(1 << 18, max(1, (current?.size ?? 1 << 18) - currentRead)))
        var failure: ArchiveError?
        let chunk = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            do throws(ArchiveError) {
                count = try read(into: UnsafeMutableRawBufferPointer(buffer))
            } catch {
                failure = error
                count = 0
            }
        }
        if let failure { throw failure }
        return chunk.isEmpty ? nil : chunk
    }

    /// All of the current entry, when that is at most `limit` bytes (else `tooLarge`): for a config, a picture.
    ///
    /// - Parameter beginning: what was read of it before.
    package func readAll(atMost limit: Int64, after beginning: [UInt8] = []) throws(ArchiveError) -> [UInt8] {
        var bytes = beginning
        let path = current?.path ?? ""
        guard (current?.size ?? 0) <= limit else { throw .tooLarge(entry: path, limit: limit) }
        // What is announced comes: a small file cannot make us take more than its entry may have anyway.
        bytes.reserveCapacity(Int(current?.size ?? 0))
        while let chunk = try readChunk() {
            guard Int64(bytes.count + chunk.count) <= limit else { throw .tooLarge(entry: path, limit: limit) }
            bytes += chunk
        }
        return bytes
    }

    /// The entry under `header`; nil for what is passed over.
    private func file(_ header: OpaquePointer) throws(ArchiveError) -> Entry? {
        guard let name = locale.use({ archive_entry_pathname(header) }) else {
            // libarchive keeps no name of a zip that it cannot turn into the locale's UTF-8.
            throw .unsafePath(entry: ArchiveError.numbered(entryCount), reason: ArchivePath.notUTF8)
        }
        let given = UnsafeRawBufferPointer(start: name, count: strlen(name))
        let bytes = zipNames.next(given) ?? Array(given)
        let isIcon = ArchivePath.isFolderIcon(bytes)
        let path = try ArchivePath.normalized(isIcon ? bytes.dropLast() : bytes[...])
        let size = archive_entry_size_is_set(header) != 0 ? archive_entry_size(header) : nil
        if let size {
            guard size >= 0 else { throw .damaged(entry: path, reason: "a negative size") }
            try add(size, of: path, isSparse: archive_entry_sparse_count(header) > 0)
        }
        if archive_entry_hardlink(header) != nil { throw .unsupportedEntry(entry: path, kind: "hard link") }
        switch archive_entry_filetype(header) {
        case 0o040000: return nil
        case 0o100000: break
        case 0o120000: throw .unsupportedEntry(entry: path, kind: "symbolic link")
        case 0o020000, 0o060000: throw .unsupportedEntry(entry: path, kind: "device")
        case 0o010000: throw .unsupportedEntry(entry: path, kind: "named pipe")
        default: throw .unsupportedEntry(entry: path, kind: "special file")
        }
        guard !path.isEmpty else { throw .unsafePath(entry: path, reason: "empty") }
        if isIcon || ArchivePath.isLitter(path) { return givesLitter ? Entry(path: path, size: size) : nil }
        guard archive_entry_is_encrypted(header) == 0 else { throw .encrypted(entry: path) }
        try names.claim(path)
        return Entry(path: path, size: size)
    }

    /// Counts uncompressed bytes, before they are unpacked where their number is announced.
    ///
    /// What comes only has a size that somebody promised: holes in a sparse file, which need no bytes, may become as much as that, or as
    /// what has really come allows.
    private func add(_ bytes: Int64, of path: String, isSparse: Bool = false) throws(ArchiveError) {
        guard bytes <= limits.totalSize - totalSize else { throw .tooLarge(entry: path, limit: limits.totalSize) }
        let expansion =
            if isSparse, case .stream(let stream) = source {
                max(packed, limits.expansion(of: stream.received))
            } else {
                limits.expansion(of: packed)
            }
        guard bytes <= expansion - totalSize else { throw .tooCompressed(entry: path, packed: packed, limit: expansion) }
        totalSize += bytes
    }

    /// The archive says that it ended: was that its end, or the file's?
    private func finish(position: Int64) throws(ArchiveError) {
        if let failure = stream?.failure { throw failure }
        // A tar ends with blocks of zeros; libarchive is content without them, though then anything may be missing.
        guard format == .zip || archive_filter_bytes(archive, 0) > position else {
            throw .damaged(entry: nil, reason: "the end of the tar is missing")
        }
        try stream?.finish()
        if case .stream(let stream) = source { stream.finish() }
        guard !names.isEmpty else { throw .empty }
    }

    private func damage() -> ArchiveError {
        if let failure = stream?.failure { return failure }
        guard entryCount > 0 else {
            return format == .tarGz
                ? .notAnArchive(found: "a gzip file that holds no tar")
                : .damaged(entry: nil, reason: ArchiveLocale.reason(archive))
        }
        return .damaged(entry: current?.path, reason: ArchiveLocale.reason(archive))
    }
}
