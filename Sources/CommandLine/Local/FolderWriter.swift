import Foundation
import Storage

/// Writes files into a new folder so that, in the end, all of them are on the disk. Paths are relative, checked by whoever gives them.
struct FolderWriter {
    private let root: URL

    private static let pieceSize = 1 << 20

    /// - Parameter root: made with the first file.
    init(_ root: URL) {
        self.root = root
    }

    /// Takes what is at a path away, if anything is.
    func remove(_ path: String) { try? FileManager.default.removeItem(at: root.appendingPathComponent(path)) }

    /// A new file. ``finish(_:_:)`` is to follow.
    func file(_ path: String) throws -> FileHandle {
        let url = root.appendingPathComponent(path, isDirectory: false)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
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
        try DataFolder.synchronize(directory: root.path)
        for path in try FileManager.default.subpathsOfDirectory(atPath: root.path) {
            let url = root.appendingPathComponent(path)
            if try url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true { try DataFolder.synchronize(directory: url.path) }
        }
    }
}
