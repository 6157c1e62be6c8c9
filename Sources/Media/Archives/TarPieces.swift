import Files
import Foundation

/// The tar of some files, a piece at a time, for whoever pulls: the bytes that ``ArchiveWriter`` writes, with one file open at a time.
package struct TarPieces {
    private let items: [ArchiveItem]
    private var index = 0
    private var content: Content?
    /// Bytes given so far.
    private(set) var offset: Int64 = 0
    private var hasEnded = false

    /// Bytes in a piece of a file at most.
    private static let pieceSize: Int64 = 256 << 10

    /// What is left of the current file.
    private struct Content {
        enum Source {
            case bytes([UInt8])
            case file(OpenFile)
            case composed(ComposedFile.Reader)
        }

        let source: Source
        var offset: Int64 = 0
    }

    /// The tar of `items`, in their order.
    package init(_ items: [ArchiveItem]) {
        self.items = items
    }

    /// The next bytes, never none; nil at the end.
    ///
    /// - Throws: ``ArchiveError`` for a file that cannot be read as announced; what an item's own way to open it throws.
    package mutating func next() throws -> [UInt8]? {
        let piece = try nextPiece()
        offset += Int64(piece?.count ?? 0)
        return piece
    }

    private mutating func nextPiece() throws -> [UInt8]? {
        if let piece = try nextOfContent() { return piece }
        if index < items.count {
            let item = items[index]
            content = Content(source: try Self.open(item))
            return TarHeader.blocks(path: item.path, size: item.size)
        }
        guard !hasEnded else { return nil }
        hasEnded = true
        return [UInt8](repeating: 0, count: Int(TarHeader.endSize))
    }

    /// The rest of the current file, its padding with its last bytes; nil when there is none.
    private mutating func nextOfContent() throws -> [UInt8]? {
        guard var content else { return nil }
        let item = items[index]
        let count = Int(min(item.size - content.offset, Self.pieceSize))
        var piece: [UInt8]
        switch content.source {
        case .bytes(let bytes): piece = Array(bytes[Int(content.offset)..<(Int(content.offset) + count)])
        case .composed(let reader): piece = try reader.read(at: content.offset, count: count, of: item.path)
        case .file(let file):
            do { piece = try file.read(at: content.offset, count: count) } catch {
                throw ArchiveError.unreadable(path: item.path, reason: "\(error)")
            }
            guard piece.count == count else {
                throw ArchiveError.sizeMismatch(entry: item.path, expected: item.size, found: content.offset + Int64(piece.count))
            }
        }
        content.offset += Int64(count)
        self.content = content
        if content.offset == item.size {
            piece += [UInt8](repeating: 0, count: Int(TarHeader.padding(item.size)))
            self.content = nil
            index += 1
        }
        return piece.isEmpty ? try nextPiece() : piece
    }

    private static func open(_ item: ArchiveItem) throws -> Content.Source {
        if case .bytes(let bytes) = item.source { return .bytes(bytes) }
        if case .composed(let composed) = item.source { return .composed(try composed.reader()) }
        guard let file = try item.opened() else { return .bytes([]) }
        guard file.size == item.size else { throw ArchiveError.sizeMismatch(entry: item.path, expected: item.size, found: file.size) }
        return .file(file)
    }
}
