import Foundation

/// A walk over a zip's central directory before libarchive takes the whole of it into memory (PKWARE APPNOTE 4.3.12 to 4.3.16).
///
/// 46 bytes of file make some 300 of memory there, so a directory of a gigabyte must be refused before it is loaded.
package enum ZipDirectory {
    /// Bytes of memory that libarchive takes for the directory of a zip, and the reader for its names; 0 for any other file. More than its
    /// size says it has none: a checkpoint's few files are refused by their number before.
    package static func cost(path: String) -> Int {
        guard let file = try? FileHandle(forReadingFrom: URL(fileURLWithPath: path)) else { return 0 }
        defer { try? file.close() }
        guard let head = try? file.read(upToCount: 4), head.starts(with: [0x50, 0x4B]), let size = try? file.seekToEnd() else { return 0 }
        let tailStart = size - min(size, 16 << 10)
        guard (try? file.seek(toOffset: tailStart)) != nil, let read = try? file.read(upToCount: 16 << 10) else { return 0 }
        let tail = [UInt8](read)
        guard let end = stride(from: tail.count - 22, through: 0, by: -1).first(where: { isEndRecord(tail, $0, tailStart) }) else {
            return 0
        }
        // What stands between the directory's beginning and its end, 46 bytes an entry at least.
        let start = number(tail, end + 16, 4)
        let directory = start == 0xFFFF_FFFF ? size : tailStart + UInt64(end) - min(start, tailStart + UInt64(end))
        return Int(min(directory / 46, 1_000_000)) * 500 + 4 * Int(min(directory, 128 << 20))
    }

    /// The names in the directory; throws when it is empty, is not where the end record says, or has more than `entries` entries.
    static func names(path: String, entries: Int) throws(ArchiveError) -> ZipNames {
        let file: FileHandle
        do { file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path)) } catch { throw .unreadable(path: path, reason: "\(error)") }
        defer { try? file.close() }
        do {
            let size = try file.seekToEnd()
            // libarchive looks for the end record in the last 16 KiB, from the end; another place would be another directory.
            let tailStart = size - min(size, 16 << 10)
            try file.seek(toOffset: tailStart)
            let tail = [UInt8](try file.read(upToCount: 16 << 10) ?? Data())
            guard let end = stride(from: tail.count - 22, through: 0, by: -1).first(where: { isEndRecord(tail, $0, tailStart) }) else {
                throw ArchiveError.damaged(entry: nil, reason: "the zip has no central directory; it may be cut short")
            }
            var start = number(tail, end + 16, 4)
            if end >= 20, number(tail, end - 20, 4) == 0x0706_4B50 {
                let record = number(tail, end - 20 + 8, 8)
                guard record < size else { throw ArchiveError.damaged(entry: nil, reason: "the zip64 end record lies outside the file") }
                try file.seek(toOffset: record)
                let bytes = [UInt8](try file.read(upToCount: 56) ?? Data())
                guard bytes.count == 56, number(bytes, 0, 4) == 0x0606_4B50 else {
                    throw ArchiveError.damaged(entry: nil, reason: "the zip64 end record is missing")
                }
                start = number(bytes, 48, 8)
            }
            let announced = number(tail, end + 10, 2)
            return try walk(file, from: start, to: tailStart + UInt64(end), isEmpty: announced == 0, limit: entries)
        } catch let error as ArchiveError {
            throw error
        } catch {
            throw .unreadable(path: path, reason: "\(error)")
        }
    }

    private static func walk(
        _ file: FileHandle, from start: UInt64, to end: UInt64, isEmpty: Bool, limit: Int
    ) throws -> ZipNames {
        guard start <= end else { throw ArchiveError.damaged(entry: nil, reason: "the zip's central directory lies outside the file") }
        try file.seek(toOffset: start)
        var buffer: [UInt8] = []
        var names = ZipNames()
        var left = end - start
        var count = 0
        var index = 0
        while true {
            // A header and its three longest tails always fit.
            if buffer.count - index < 46 + 3 * 65535, left > 0 {
                buffer.removeFirst(index)
                index = 0
                let more = try file.read(upToCount: Int(min(left, 1 << 20))) ?? Data()
                guard !more.isEmpty else { break }
                left -= UInt64(more.count)
                buffer += more
            }
            guard buffer.count - index >= 46, number(buffer, index, 4) == 0x0201_4B50 else { break }
            count += 1
            guard count <= limit else { throw ArchiveError.tooManyEntries(limit: limit) }
            let (name, extra, comment) = (
                Int(number(buffer, index + 28, 2)), Int(number(buffer, index + 30, 2)), Int(number(buffer, index + 32, 2))
            )
            let end = index + 46 + name + extra
            guard end + comment <= buffer.count else { break }
            names.add(buffer[(index + 46)..<(end - extra)], extra: buffer[(end - extra)..<end], offset: number(buffer, index + 42, 4))
            index = end + comment
        }
        guard count > 0 else {
            throw isEmpty ? ArchiveError.empty : .damaged(entry: nil, reason: "the zip's central directory is not where its end says")
        }
        names.end()
        return names
    }

    /// The same conditions as libarchive's: one disk, counts that agree, a directory that lies before its end.
    private static func isEndRecord(_ tail: [UInt8], _ at: Int, _ tailStart: UInt64) -> Bool {
        guard number(tail, at, 4) == 0x0605_4B50, number(tail, at + 4, 2) == 0 else { return false }
        guard number(tail, at + 8, 2) == number(tail, at + 10, 2) else { return false }
        let start = number(tail, at + 16, 4)
        // Figures that do not fit stand in the zip64 record.
        return start == 0xFFFF_FFFF || start + number(tail, at + 12, 4) <= tailStart + UInt64(at)
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }
}
