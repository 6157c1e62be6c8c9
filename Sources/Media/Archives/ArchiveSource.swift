import CArchive
import Foundation

/// Where an archive's bytes come from.
package enum ArchiveSource {
    /// A file, which can be read from anywhere.
    case file(path: String)
    /// Bytes as they come, which are read once.
    case stream(ArchiveStream)

    /// The first 512 bytes.
    func head() throws(ArchiveError) -> [UInt8] {
        switch self {
        case .file(let path): try Self.read(path) { try $0.read(upToCount: 512) }
        case .stream(let stream): stream.head
        }
    }

    /// The last 8 bytes; of a stream, those that were read last.
    func tail() throws(ArchiveError) -> [UInt8] {
        switch self {
        case .stream(let stream): return stream.tail
        case .file(let path):
            return try Self.read(path) { file in
                let size = try file.seekToEnd()
                try file.seek(toOffset: size - min(8, size))
                return try file.read(upToCount: 8)
            }
        }
    }

    /// Bytes in all; of a stream, as many as are promised.
    func size() throws(ArchiveError) -> Int64 {
        switch self {
        case .stream(let stream): return stream.size
        case .file(let path):
            var status = stat()
            guard stat(path, &status) == 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
            return Int64(status.st_size)
        }
    }

    /// Lets `archive` read from here. Returns libarchive's status.
    func open(_ archive: OpaquePointer) -> Int32 {
        switch self {
        case .file(let path): archive_read_open_filename(archive, path, 1 << 16)
        case .stream(let stream):
            archive_read_open(
                archive, Unmanaged.passUnretained(stream).toOpaque(), nil,
                { _, context, bytes in
                    let read = Unmanaged<ArchiveStream>.fromOpaque(context!).takeUnretainedValue().read()
                    bytes?.pointee = read.baseAddress
                    return read.count
                }, nil)
        }
    }

    private static func read(_ path: String, _ body: (FileHandle) throws -> Data?) throws(ArchiveError) -> [UInt8] {
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            return [UInt8](try body(file) ?? Data())
        } catch {
            throw .unreadable(path: path, reason: "\(error)")
        }
    }
}
