import Foundation
import Storage

/// The database of a data folder that no process has open, or its log, removed, exchanged for another store's, cut short or flipped.
struct DatabaseHarm {
    /// For messages.
    let text: String
    private let folder: URL
    private let backup: URL

    /// - Parameter spare: a folder on the same file system.
    init(to folder: URL, spare: URL, _ random: inout Dice) throws {
        self.folder = folder
        backup = spare.appendingPathComponent("backup")
        // Of a process that is dead: it cannot be copied.
        try? FileManager.default.removeItem(at: folder.appendingPathComponent("control.sock"))
        try FileManager.default.copyItem(at: folder, to: backup)
        let name = random.below(2) == 0 ? "pruner.sqlite" : "pruner.sqlite-wal"
        let file = folder.appendingPathComponent(name)
        var bytes = (try? Data(contentsOf: file)) ?? Data()
        // A page that was flipped within is only found by what is wrong with it: SQLite has no sums of its own for the main file.
        let kind = bytes.isEmpty ? 0 : random.below(name == "pruner.sqlite" ? 3 : 4)
        text = "\(name) \(["removed", "another store's", "cut short", "flipped"][kind])"
        switch kind {
        case 0: try? FileManager.default.removeItem(at: file)
        case 1:
            let other = spare.appendingPathComponent("other")
            defer { try? FileManager.default.removeItem(at: other) }
            let database = try Database(folder: other)
            _ = try database.tokens.list()
            try FileManager.default.removeItem(at: file)
            let found = other.appendingPathComponent(name)
            if FileManager.default.fileExists(atPath: found.path) { try FileManager.default.copyItem(at: found, to: file) }
            withExtendedLifetime(database) {}
        case 2: try bytes.prefix(random.below(bytes.count)).write(to: file)
        default:
            bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
            try bytes.write(to: file)
        }
    }

    /// Puts everything back, as from a backup.
    func undo() throws {
        try FileManager.default.removeItem(at: folder)
        try FileManager.default.moveItem(at: backup, to: folder)
    }
}
