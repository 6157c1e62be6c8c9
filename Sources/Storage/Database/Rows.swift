import GRDB

extension GRDB.Database {
    /// Rows of `table` from the newest identifier down, one more than `limit` so that the caller sees whether there are more.
    /// - Parameter status: only rows with this value in the column `status`.
    func page(of table: String, limit: Int, after: String?, status: String? = nil) throws -> [Row] {
        if let after, try !Bool.fetchOne(self, sql: "SELECT EXISTS (SELECT 1 FROM \(table) WHERE id = ?)", arguments: [after])! {
            throw StorageError.invalidCursor(after)
        }
        var conditions: [String] = []
        var arguments: [any DatabaseValueConvertible] = []
        if let after {
            conditions.append("id < ?")
            arguments.append(after)
        }
        if let status {
            conditions.append("status = ?")
            arguments.append(status)
        }
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        return try Row.fetchAll(
            self, sql: "SELECT * FROM \(table) \(filter) ORDER BY id DESC LIMIT ?",
            arguments: StatementArguments(arguments + [limit + 1]))
    }

    /// Removes rows of a table that refer to blobs. Returns the contents that are no longer needed.
    func remove(from table: String, where condition: String, _ arguments: StatementArguments) throws -> [BlobDigest] {
        let digests = try Row.fetchAll(self, sql: "SELECT digest FROM \(table) WHERE \(condition)", arguments: arguments).map {
            try $0.digest("digest")
        }
        try execute(sql: "DELETE FROM \(table) WHERE \(condition)", arguments: arguments)
        return digests
    }
}

extension Row {
    /// The digest in a column; the schema lets only 64 characters in, and only digests are written.
    func digest(_ column: String) throws -> BlobDigest {
        guard let digest = BlobDigest(hex: self[column]) else {
            throw StorageError.database(doing: "read a digest", found: String(describing: self[column] as String))
        }
        return digest
    }
}
