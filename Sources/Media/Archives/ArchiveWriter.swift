import CArchive
import Foundation

/// Files as one tar, tar.gz or zip, handed piece by piece to a sink: constant memory, and the same bytes for the same files at any time.
///
/// Entries keep their order; all have mode 0644 and time 0. A zip stores its files uncompressed, each followed by its checksum.
package struct ArchiveWriter: Sendable {
    private let items: [ArchiveItem]

    /// An archive of `items`, whose paths are distinct.
    package init(_ items: [ArchiveItem]) {
        self.items = items
    }

    /// How long the tar of `items` is, in bytes, exactly: for `Content-Length`.
    package static func tarSize(of items: [ArchiveItem]) -> Int64 {
        items.reduce(TarHeader.endSize) { total, item in
            total + Int64(TarHeader.blocks(path: item.path, size: item.size).count) + item.size + TarHeader.padding(item.size)
        }
    }

    /// Writes the whole archive to `sink`; throws `ArchiveError` for an item that cannot be read as announced, and whatever `sink` throws.
    package func write(as format: ArchiveFormat, to sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        switch format {
        case .tar: try writeTar(sink)
        case .tarGz:
            try LibarchiveOutput.run(sink) { output in
                try output.setUp(format: archive_write_set_format_raw, filter: archive_write_add_filter_gzip)
                // Weights hardly shrink; the first level takes what there is at several times the speed. No time stamp: the same bytes always.
                try output.setOptions("gzip:compression-level=1,gzip:!timestamp")
                try output.begin(path: "tar", size: nil)
                try writeTar(output.write)
            }
        case .zip:
            try LibarchiveOutput.run(sink) { output in
                try output.setUp(format: archive_write_set_format_zip, filter: archive_write_add_filter_none)
                try output.setOptions("zip:compression=store,zip:hdrcharset=UTF-8")
                for item in items {
                    try output.begin(path: item.path, size: item.size)
                    try item.read(output.write)
                }
            }
        }
    }

    /// The tar in parts, so that the kernel may send the files; the bytes that ``write(as:to:)`` writes.
    package func tarParts() throws -> [TarPart] {
        var parts: [TarPart] = []
        for item in items {
            parts.append(.bytes(TarHeader.blocks(path: item.path, size: item.size)))
            switch item.source {
            case .bytes(let bytes): parts.append(.bytes(bytes))
            case .file, .opened:
                guard let file = try item.opened() else { continue }
                guard file.size == item.size else {
                    throw ArchiveError.sizeMismatch(entry: item.path, expected: item.size, found: file.size)
                }
                parts.append(.file(file, offset: 0, length: file.size))
            case .composed(let composed):
                let file = try composed.reader().file
                for piece in composed.pieces {
                    switch piece {
                    case .bytes(let bytes): parts.append(.bytes(bytes))
                    case .stored(let offset, let count):
                        guard offset + count <= file.size else {
                            throw ArchiveError.sizeMismatch(entry: item.path, expected: offset + count, found: file.size)
                        }
                        parts.append(.file(file, offset: offset, length: count))
                    }
                }
            }
            let padding = Int(TarHeader.padding(item.size))
            if padding > 0 { parts.append(.bytes([UInt8](repeating: 0, count: padding))) }
        }
        return parts + [.bytes([UInt8](repeating: 0, count: Int(TarHeader.endSize)))]
    }

    private func writeTar(_ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        var pieces = TarPieces(items)
        while let piece = try pieces.next() { try piece.withUnsafeBytes(sink) }
    }
}
