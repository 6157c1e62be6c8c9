import Foundation
import Storage

/// Writes files into a new folder so that, in the end, all of them are on the disk. Paths are relative, checked by whoever gives them.
final class FolderWriter {
    private let root: URL
    private var folders: Set<String> = []

    private static let pieceSize = 1 << 20

    /// - Parameter root: made with the first file.
    init(_ root: URL) {
        self.root = root
    }

    /// A new file. ``finish(_:_:)`` is to follow.
    func file(_ path: String) throws -> FileHandle {
        let url = root.appendingPathComponent(path, isDirectory: false)
        let folder = url.deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // Each folder on the way down has a new entry.
        var parent = folder
        while folders.insert(parent.path).inserted, parent.path.count > root.path.count { parent.deleteLastPathComponent() }
        let descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw StorageError.file(doing: "make", path: url.path, errno: errno) }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// Puts a file's bytes onto the disk.
    func finish(_ file: FileHandle, _ path: String) throws {
        guard fsync(file.fileDescriptor) == 0 else { throw StorageError.file(doing: "fsync", path: path, errno: errno) }
        try file.close()
    }

    /// A file of these bytes.
    func write(_ path: String, _ bytes: [UInt8]) throws {
        let file = try file(path)
        try file.write(contentsOf: Data(bytes))
        try finish(file, path)
    }

    /// A copy of a file.
    func copy(_ path: String, from source: URL) throws {
        let reader = try FileHandle(forReadingFrom: source)
        defer { try? reader.close() }
        let file = try file(path)
        while let data = try reader.read(upToCount: Self.pieceSize), !data.isEmpty { try file.write(contentsOf: data) }
        try finish(file, path)
    }

    /// Puts the folders onto the disk.
    func finish() throws {
        for folder in folders { try DataFolder.synchronize(directory: folder) }
    }
}
