import Files
import Foundation

/// One file to be written into an archive.
package struct ArchiveItem: Sendable {
    /// Where the bytes come from.
    package enum Source: Sendable {
        case bytes([UInt8])
        case file(URL)
        /// Opened when its turn comes.
        case opened(@Sendable () throws -> OpenFile)
        /// Put together of bytes and parts of a file.
        case composed(ComposedFile)
    }

    /// Relative and `/`-separated.
    package let path: String
    /// Exactly as many bytes as `source` holds.
    package let size: Int64
    package let source: Source

    /// A file of `bytes`.
    package init(path: String, bytes: [UInt8]) {
        self.init(path: path, size: Int64(bytes.count), source: .bytes(bytes))
    }

    /// A copy of the file at `url`, known to be `size` bytes long.
    package init(path: String, size: Int64, file url: URL) {
        self.init(path: path, size: size, source: .file(url))
    }

    /// A copy of the file that `open` opens, known to be `size` bytes long.
    package init(path: String, size: Int64, open: @escaping @Sendable () throws -> OpenFile) {
        self.init(path: path, size: size, source: .opened(open))
    }

    /// A file that is put together.
    package init(path: String, composed: ComposedFile) {
        self.init(path: path, size: composed.size, source: .composed(composed))
    }

    private init(path: String, size: Int64, source: Source) {
        self.path = path
        self.size = size
        self.source = source
    }

    /// Hands the content to `sink` in pieces of at most 256 KiB; throws `ArchiveError` when it is not `size` bytes, else what `sink` throws.
    package func read(_ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        switch source {
        case .bytes(let bytes):
            try bytes.withUnsafeBytes { if !$0.isEmpty { try sink($0) } }
        case .composed(let composed):
            let reader = try composed.reader()
            var done: Int64 = 0
            while done < size {
                let bytes = try reader.read(at: done, count: Int(min(1 << 18, size - done)), of: path)
                done += Int64(bytes.count)
                try bytes.withUnsafeBytes(sink)
            }
        case .file, .opened:
            guard let file = try opened() else { return }
            var done: Int64 = 0
            while true {
                let bytes: [UInt8]
                do { bytes = try file.read(at: done, count: 1 << 18) } catch { throw unreadable(error) }
                done += Int64(bytes.count)
                guard bytes.isEmpty ? done == size : done <= size else {
                    throw ArchiveError.sizeMismatch(entry: path, expected: size, found: done)
                }
                if bytes.isEmpty { return }
                try bytes.withUnsafeBytes(sink)
            }
        }
    }

    /// The file, for reading; nil where there is none.
    ///
    /// - Throws: ``ArchiveError/unreadable(path:reason:)``, or what the item's own way to open it throws.
    func opened() throws -> OpenFile? {
        switch source {
        case .bytes, .composed: return nil
        case .opened(let open): return try open()
        case .file(let url):
            do { return try OpenFile(url) } catch { throw unreadable(error) }
        }
    }

    private func unreadable(_ error: any Error) -> ArchiveError { .unreadable(path: path, reason: "\(error)") }
}
