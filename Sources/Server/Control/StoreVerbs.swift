import Documents
import Foundation
import Storage

/// `gc`, `backup`, `doctor`.
extension DataVerb {
    /// `{keep_days, keep_bytes, keep_aside_days, accept_clock}`, null or absent for no limit → what went and what is left.
    package static let collectGarbage = DataVerb(name: "gc") { arguments, database in
        if arguments["accept_clock"] == true { try database.acceptClock() }
        let collection = try database.collectGarbage(
            Retention(
                days: arguments["keep_days"]?.integer ?? 0, bytes: arguments["keep_bytes"]?.integer.map(Int64.init) ?? 0,
                asideDays: arguments["keep_aside_days"]?.integer ?? 0))
        return [
            "removed": .array(collection.removed.map(JSON.string)), "set_aside": collection.setAside.json,
            "removed_aside": collection.removedAside.json,
            "clock": collection.leap.map { ["believed": .string($0.believed.text), "system": .string($0.found.text)] } ?? .null,
            "spared": .array(collection.spared.map(JSON.string)), "stored_bytes": .integer(Int(collection.bytesKept)),
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
        try examination(of: database)
    }

    /// → what was given back, what was not and why, and what `doctor` says after that.
    package static let adopt = DataVerb(name: "adopt", replacesDatabase: true) { _, database in
        let replaced = database.opening.replaced
        let adoption = try database.adopt()
        return try examination(of: database).replacing([
            "replaced_database": .optional(replaced), "adopted": .array(adoption.adopted.map(JSON.string)),
            "left": .array(adoption.left.map { ["id": .string($0.id), "reason": .string($0.reason)] }),
        ])
    }

    private static func examination(of database: Database) throws -> JSON {
        let examination = try database.examine()
        return [
            "sound": .bool(examination.troubles.isEmpty), "troubles": .array(examination.troubles.map(JSON.string)),
            "blobs": .integer(examination.blobs), "bytes": .integer(Int(examination.bytes)), "stray_files": .integer(examination.strays),
            "lost_changes": try database.lostCommits().map {
                ["count": .integer(Int($0.count)), "found_at": .string($0.foundAt.text)]
            } ?? .null,
            "aside": [
                "files": .integer(examination.aside.files), "bytes": .integer(Int(examination.aside.bytes)),
                "days": .array(examination.asideDays.map(JSON.string)),
            ],
        ]
    }
}

extension BlobStore.Amount {
    fileprivate var json: JSON { ["files": .integer(files), "bytes": .integer(Int(bytes))] }
}
