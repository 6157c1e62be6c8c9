import Storage

/// Answers made of rows, kept for as long as no row changes: clients ask for a job's status far more often than it changes.
final class AnswerCache: Sendable {
    private struct Entry {
        let version: UInt64
        let bytes: [UInt8]
    }

    /// Answers kept at a time.
    private static let limit = 1024

    private let database: Database
    private let entries = ReadMostly<[String: Entry]>([:])

    init(_ database: Database) {
        self.database = database
    }

    /// What `make` gives, or gave while the rows were the same.
    func bytes(_ key: String, _ make: () throws -> [UInt8]) throws -> [UInt8] {
        // Asked for before the rows are read: if they change meanwhile the entry is outdated from the start.
        guard let version = database.rowsVersion else { return try make() }
        if let entry = entries.read({ $0[key] }), entry.version == version { return entry.bytes }
        let bytes = try make()
        entries.change { entries in
            if entries.count >= Self.limit { entries.removeAll() }
            entries[key] = Entry(version: version, bytes: bytes)
        }
        return bytes
    }
}
