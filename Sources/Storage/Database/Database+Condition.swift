import GRDB

extension Database {
    /// What is wrong with the data folder; nil when nothing is. It takes a file's making and removing.
    public func folderTrouble() -> StoreTrouble? { blobs.folder.trouble }

    /// What is wrong with the database, as far as can be told without reading all of it; nil when nothing is.
    public func databaseTrouble() -> StoreTrouble? {
        if let trouble = file.trouble { return trouble }
        do {
            _ = try read("see whether it can be read") { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM sqlite_master") }
        } catch .busy {
            return StoreTrouble("it is locked", "by another process")
        } catch {
            return faults.trouble ?? StoreTrouble("it cannot be read", "\(error)")
        }
        return faults.trouble
    }

    /// How many faults SQLite has met: with a new one the database is to be examined soon.
    public var faultCount: Int { faults.count }

    /// Reads all of the database's pages from the disk. What was found wrong before is forgotten where nothing is.
    public func examineFile() -> StoreTrouble? {
        let count = faults.count
        let trouble = file.trouble ?? file.examine()
        if trouble == nil { faults.clear(upTo: count) }
        return trouble
    }
}
