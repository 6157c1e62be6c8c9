import Files

/// A file that is nowhere as a whole: bytes that are in memory and parts of one file, one after the other.
package struct ComposedFile: Sendable {
    /// A run of its bytes.
    package enum Piece: Sendable {
        case bytes([UInt8])
        /// So many bytes of the file.
        case stored(offset: Int64, count: Int64)

        /// How many bytes.
        var count: Int64 {
            switch self {
            case .bytes(let bytes): Int64(bytes.count)
            case .stored(_, let count): count
            }
        }
    }

    /// In order.
    let pieces: [Piece]
    /// Bytes before each piece.
    private let starts: [Int64]
    /// Bytes in all.
    package let size: Int64
    private let open: @Sendable () throws -> OpenFile

    /// - Parameter open: opens the file, when its turn comes.
    package init(_ pieces: [Piece], open: @escaping @Sendable () throws -> OpenFile) {
        self.pieces = pieces
        self.open = open
        var (starts, end): ([Int64], Int64) = ([], 0)
        for piece in pieces {
            starts.append(end)
            end += piece.count
        }
        (self.starts, size) = (starts, end)
    }

    /// Opens the file to read from.
    ///
    /// - Throws: what opening it throws.
    func reader() throws -> Reader { Reader(composed: self, file: try open()) }

    /// The file while it is read.
    struct Reader {
        let composed: ComposedFile
        let file: OpenFile

        /// Exactly `count` bytes from `offset`, which there must be.
        ///
        /// - Parameter path: what the whole is called in errors.
        /// - Throws: ``ArchiveError/unreadable(path:reason:)``, ``ArchiveError/sizeMismatch(entry:expected:found:)``.
        func read(at offset: Int64, count: Int, of path: String) throws(ArchiveError) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(count)
            var index = composed.piece(at: offset)
            while bytes.count < count, index < composed.pieces.count {
                let piece = composed.pieces[index]
                let first = offset + Int64(bytes.count) - composed.starts[index]
                let wanted = min(Int64(count - bytes.count), piece.count - first)
                switch piece {
                case .bytes(let own): bytes += own[Int(first)..<Int(first + wanted)]
                case .stored(let start, _):
                    let found: [UInt8]
                    do { found = try file.read(at: start + first, count: Int(wanted)) } catch {
                        throw .unreadable(path: path, reason: "\(error)")
                    }
                    guard found.count == Int(wanted) else {
                        throw .sizeMismatch(entry: path, expected: composed.size, found: offset + Int64(bytes.count + found.count))
                    }
                    bytes += found
                }
                index += 1
            }
            return bytes
        }
    }

    /// The piece that has the byte at `offset`.
    private func piece(at offset: Int64) -> Int {
        var (low, high) = (0, starts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }
}
