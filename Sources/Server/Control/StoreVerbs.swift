import Engine
import Foundation
import Storage

/// `gc`, `backup`, `doctor`.
extension DataVerb {
    /// `{keep_days, keep_bytes}`, null or absent for no limit → what went and what is left.
    package static let collectGarbage = DataVerb(name: "gc") { arguments, database in
        let collection = try database.collectGarbage(
            Retention(days: arguments["keep_days"]?.integer ?? 0, bytes: arguments["keep_bytes"]?.integer.map(Int64.init) ?? 0))
        return [
            "removed": .array(collection.removed.map(JSON.string)), "stray_files": .integer(collection.strays),
            "stored_bytes": .integer(Int(collection.bytesKept)),
        ]
    }

    /// `{path}` → what the file holds.
    package static let backUp = DataVerb(name: "backup") { arguments, database in
        guard case .string(let path) = arguments["path"], path.hasPrefix("/") else {
            throw DataVerbError(description: "a backup needs an absolute path")
        }
        let (files, bytes) = try Backup.write(database, to: path)
        return ["path": .string(path), "blobs": .integer(files), "bytes": .integer(Int(bytes))]
    }

    /// → what was read and what is wrong.
    package static let examine = DataVerb(name: "doctor") { _, database in
        let examination = try database.examine()
        return [
            "sound": .bool(examination.troubles.isEmpty), "troubles": .array(examination.troubles.map(JSON.string)),
            "blobs": .integer(examination.blobs), "bytes": .integer(Int(examination.bytes)), "stray_files": .integer(examination.strays),
        ]
    }
}
