import Foundation
import GRDB

extension Database {
    /// Calls `body` with a copy of the database as it is at one moment, in a file of its own, and with the blobs that belong to it,
    /// while the store goes on being used. None of the blobs is removed, and the copy is there, until `body` returns.
    /// - Throws: ``StorageError``, or what `body` throws.
    public func withSnapshot<Result>(_ body: (_ database: URL, _ blobs: [(digest: BlobDigest, size: Int64)]) throws -> Result) throws
        -> Result
    {
        blobs.keepAll()
        defer { blobs.stopKeepingAll() }
        let file = try blobs.temporaryFile()
        let references: [(digest: BlobDigest, size: Int64)]
        do {
            let copy = try DatabaseQueue(path: file.url.path)
            try pool.backup(to: copy)
            references = try copy.read { try Self.references(in: $0) }
            try copy.close()
        } catch let error as StorageError {
            throw error
        } catch {
            throw StorageError.database(doing: "copy the database", found: String(describing: error))
        }
        return try withExtendedLifetime(file) { try body(file.url, references) }
    }
}
