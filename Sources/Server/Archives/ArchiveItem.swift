import Foundation

/// One file to be written into an archive.
package struct ArchiveItem: Sendable {
    /// Where the bytes come from.
    package enum Source: Sendable {
        case bytes([UInt8])
        case file(URL)
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

    private init(path: String, size: Int64, source: Source) {
        self.path = path
        self.size = size
        self.source = source
    }

    /// Hands the content to `sink` in pieces of at most 256 KiB; throws `ArchiveError` when it is not `size` bytes, else what `sink` throws.
    func read(_ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        switch source {
        case .bytes(let bytes):
            try bytes.withUnsafeBytes { if !$0.isEmpty { try sink($0) } }
        case .file(let url):
            let file: FileHandle
            do { file = try FileHandle(forReadingFrom: url) } catch { throw unreadable(error) }
            defer { try? file.close() }
            var done: Int64 = 0
            while true {
                let data: Data
                do { data = try file.read(upToCount: 1 << 18) ?? Data() } catch { throw unreadable(error) }
                done += Int64(data.count)
                guard data.isEmpty ? done == size : done <= size else {
                    throw ArchiveError.sizeMismatch(entry: path, expected: size, found: done)
                }
                if data.isEmpty { return }
                try data.withUnsafeBytes(sink)
            }
        }
    }

    private func unreadable(_ error: any Error) -> ArchiveError { .unreadable(path: path, reason: "\(error)") }
}
