import Foundation
import GRDB

/// The database's file, as it was when the store was opened.
///
/// Its descriptor is kept until the store is closed: whoever closes any descriptor of the file takes away all locks that this process, and so
/// SQLite, has on it (POSIX).
final class DatabaseFile: Sendable {
    /// Held, so that no one else opens the database before the descriptor is closed.
    private let folder: DataFolder
    private var path: String { folder.database.path }
    private let descriptor: Int32
    private let identity: FileIdentity?
    /// Of the log, which lives as long as someone has the database open.
    private let log: FileIdentity?
    private var logPath: String { path + "-wal" }

    init(_ folder: DataFolder) throws(StorageError) {
        let path = folder.database.path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(doing: "open", path: path, errno: errno) }
        self.folder = folder
        identity = FileIdentity(descriptor: descriptor)
        log = FileIdentity(path: path + "-wal")
    }

    deinit { close(descriptor) }

    private static let header = Array("SQLite format 3\0".utf8)

    /// What can be seen without reading it; nil when nothing is wrong.
    var trouble: StoreTrouble? {
        guard let found = FileIdentity(path: path) else { return StoreTrouble("its file is gone", path) }
        guard found == identity else { return StoreTrouble("its file is another one than was opened", path) }
        if let log {
            guard let found = FileIdentity(path: logPath) else { return StoreTrouble("its log is gone", logPath) }
            guard found == log else { return StoreTrouble("its log is another one than was opened", logPath) }
        }
        var bytes = [UInt8](repeating: 0, count: Self.header.count)
        guard pread(descriptor, &bytes, bytes.count, 0) == bytes.count, bytes == Self.header else {
            return StoreTrouble("its file does not begin as a database does", path)
        }
        return nil
    }

    /// What SQLite finds in the pages as they are on the disk, by a connection of its own, which has none of them yet; nil when nothing is
    /// wrong, or when someone else has it locked. Takes as long as reading the file does.
    func examine() -> StoreTrouble? {
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let found = try queue.read { try String.fetchAll($0, sql: "PRAGMA quick_check(3)") }
            try queue.close()
            return found == ["ok"] ? nil : StoreTrouble("pages of it are damaged", "\(path): \(found.joined(separator: "; "))")
        } catch {
            if [.SQLITE_BUSY, .SQLITE_LOCKED].contains((error as? DatabaseError)?.resultCode) { return nil }
            return StoreTrouble("pages of it are damaged", "\(path): \(error)")
        }
    }
}
