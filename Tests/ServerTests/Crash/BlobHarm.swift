import Foundation

/// Some blobs of a data folder that no process has open, flipped, cut short, exchanged or removed.
struct BlobHarm {
    /// Their digests.
    let damaged: Set<String>
    private let originals: [(file: URL, bytes: Data)]

    /// - Parameter spare: a folder on the same file system.
    init(to folder: URL, spare: URL, _ random: inout Dice) throws {
        let blobs = folder.appendingPathComponent("blobs")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: blobs.path).filter { $0.split(separator: "/").count == 2 }.sorted()
        var originals: [(file: URL, bytes: Data)] = []
        func take() throws -> URL? {
            guard !paths.isEmpty else { return nil }
            let file = blobs.appendingPathComponent(paths[random.below(paths.count)])
            guard !originals.contains(where: { $0.file == file }) else { return nil }
            originals.append((file, try Data(contentsOf: file)))
            return file
        }
        for _ in 0..<(1 + random.below(4)) {
            guard let file = try take(), var bytes = originals.last?.bytes else { continue }
            switch random.below(4) {
            case 0 where !bytes.isEmpty:
                bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
                try Self.overwrite(file, bytes)
            case 1 where !bytes.isEmpty: try Self.overwrite(file, bytes.prefix(random.below(bytes.count)))
            case 2:
                guard let other = try take() else { fallthrough }
                let between = spare.appendingPathComponent("between")
                for (from, to) in [(file, between), (other, file), (between, other)] { try FileManager.default.moveItem(at: from, to: to) }
            default: try FileManager.default.removeItem(at: file)
            }
        }
        self.originals = originals
        damaged = Set(originals.map(\.file.lastPathComponent))
    }

    /// In its place, as a failing disk does it: the file stays the same one.
    private static func overwrite(_ file: URL, _ bytes: Data) throws {
        let handle = try FileHandle(forUpdating: file)
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: bytes)
        try handle.close()
    }

    /// Puts everything back, as from a backup.
    func undo() throws {
        for (file, bytes) in originals { try bytes.write(to: file, options: .atomic) }
    }
}
