import CArchive
import Foundation

/// libarchive's writing side, its output going to a Swift sink.
final class LibarchiveOutput {
    private let archive: OpaquePointer
    private let sink: (UnsafeRawBufferPointer) throws -> Void
    /// What the sink threw inside libarchive's callback, which itself cannot throw.
    private var failure: (any Error)?
    private var isOpen = false

    /// Runs `body` with an output to `sink`, closes it, and throws the first trouble of either.
    static func run(_ sink: (UnsafeRawBufferPointer) throws -> Void, _ body: (LibarchiveOutput) throws -> Void) throws {
        try withoutActuallyEscaping(sink) { sink in
            guard let archive = archive_write_new() else { throw ArchiveError.writing(reason: "out of memory") }
            let output = LibarchiveOutput(archive, sink)
            defer { archive_write_free(archive) }
            do {
                try body(output)
                try output.check(ArchiveLocale.utf8.use { archive_write_close(archive) })
            } catch {
                // Without this, freeing would close, and write an end that makes the torso look whole.
                if output.isOpen { archive_write_fail(archive) }
                throw error
            }
        }
    }

    private init(_ archive: OpaquePointer, _ sink: @escaping (UnsafeRawBufferPointer) throws -> Void) {
        self.archive = archive
        self.sink = sink
    }

    /// Chooses format and filter by libarchive's own functions.
    func setUp(format: (OpaquePointer) -> Int32, filter: (OpaquePointer) -> Int32) throws {
        try check(format(archive))
        try check(filter(archive))
    }

    /// Sets libarchive's options and opens.
    func setOptions(_ options: String) throws {
        try check(ArchiveLocale.utf8.use { archive_write_set_options(archive, options) })
        try check(archive_write_set_bytes_per_block(archive, 1 << 16))
        try check(archive_write_set_bytes_in_last_block(archive, 1))
        let status = archive_write_open(
            archive, Unmanaged.passUnretained(self).toOpaque(), nil,
            { _, context, bytes, count in
                let output = Unmanaged<LibarchiveOutput>.fromOpaque(context!).takeUnretainedValue()
                do {
                    try output.sink(UnsafeRawBufferPointer(start: bytes, count: count))
                    return count
                } catch {
                    output.failure = error
                    return -1
                }
            }, nil)
        try check(status)
        isOpen = true
    }

    /// Starts an entry of `size` bytes (nil where that is not known: raw output only).
    func begin(path: String, size: Int64?) throws {
        guard let entry = archive_entry_new() else { throw ArchiveError.writing(reason: "out of memory") }
        defer { archive_entry_free(entry) }
        let status = ArchiveLocale.utf8.use {
            archive_entry_set_pathname(entry, path)
            archive_entry_set_filetype(entry, 0o100000)
            archive_entry_set_perm(entry, 0o644)
            if let size { archive_entry_set_size(entry, size) }
            return archive_write_header(archive, entry)
        }
        try check(status)
    }

    /// The next bytes of the entry.
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var done = 0
        while done < bytes.count {
            let count = archive_write_data(archive, bytes.baseAddress! + done, bytes.count - done)
            guard count > 0 else { throw failure ?? ArchiveError.writing(reason: ArchiveLocale.reason(archive)) }
            done += count
        }
    }

    private func check(_ status: Int32) throws {
        guard status == ARCHIVE_OK else { throw failure ?? ArchiveError.writing(reason: ArchiveLocale.reason(archive)) }
    }
}
