import Files
import Media

/// The bytes of ``LocalFiles``, for whoever pulls. Not for several tasks at once.
final class LocalReader {
    private enum Source {
        case file(OpenFile, path: String)
        case tar(TarPieces)
    }

    private var source: Source
    private var offset: Int64 = 0

    private static let pieceSize = 256 << 10

    /// A file's bytes.
    init(file: OpenFile, path: String) {
        source = .file(file, path: path)
    }

    /// The bytes of a folder's tar.
    init(_ pieces: TarPieces) {
        source = .tar(pieces)
    }

    /// The next bytes, never none; nil at the end.
    func next() throws -> [UInt8]? {
        switch source {
        case .file(let file, let path):
            let bytes: [UInt8]
            do { bytes = try file.read(at: offset, count: Self.pieceSize) } catch { throw CommandFailure(.data, "\(path) cannot be read") }
            offset += Int64(bytes.count)
            return bytes.isEmpty ? nil : bytes
        case .tar(var pieces):
            let bytes = try pieces.next()
            source = .tar(pieces)
            return bytes
        }
    }

    /// Passes over `count` bytes from the beginning; what was read beyond them is returned.
    func skip(_ count: Int64) throws -> ArraySlice<UInt8> {
        if case .file = source {
            offset = count
            return []
        }
        var left = count
        while left > 0, let chunk = try next() {
            if Int64(chunk.count) > left { return chunk[Int(left)...] }
            left -= Int64(chunk.count)
        }
        return []
    }
}
