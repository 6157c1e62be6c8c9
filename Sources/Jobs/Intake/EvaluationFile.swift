import Documents
import Engine
import Foundation
import Storage

/// A stored file that evaluations go by, and what is told of it.
package struct EvaluationFile {
    let record: EvaluationFileRecord
    private let json: JSON

    /// What errors call it.
    static let fileName = "the file"

    /// Reads what a record keeps.
    init(_ record: EvaluationFileRecord) throws {
        self.record = record
        json = try JSON(parsing: Array(record.descriptor.utf8))
    }

    /// Numbers of each picture's features.
    var features: Int { json["features"]?.integer ?? 0 }

    /// Whether it holds the weights by which an FID is measured.
    var isPublished: Bool { record.kind == .extractor && record.digest.hex == InceptionCheckpoint.publishedDigest }

    /// The path of what was stored.
    ///
    /// - Throws: ``StorageError/damaged(_:id:file:found:)``.
    func path(in blobs: BlobStore) throws -> String {
        // Reads the file through, where that was not done before.
        close(try blobs.open(record.digest, of: record.kind.stored, record.id, file: Self.fileName))
        return blobs.url(for: record.digest).path
    }

    /// Throws for what is known to be damaged, without reading it.
    ///
    /// - Throws: ``StorageError/damaged(_:id:file:found:)``.
    func refuseKnownDamage(_ blobs: BlobStore) throws(StorageError) {
        try blobs.refuseKnownDamage(record.digest, size: record.size, of: record.kind.stored, record.id, file: Self.fileName)
    }

    /// The API's object.
    var payload: JSON {
        var members: [JSON.Member] = [
            .init("id", .string(record.id)), .init("object", .string(record.kind.rawValue)), .init("name", .string(record.name)),
            .init("created_at", .string(record.createdAt.text)),
        ]
        if case .object(let described) = json { members += described }
        members += [.init("size", .integer(Int(record.size))), .init("sha256", .string(record.digest.hex))]
        if record.kind == .extractor { members.append(.init("published", .bool(isPublished))) }
        return .object(members)
    }

    /// Whether an identifier is that of statistics.
    static func areStatistics(_ id: String, in database: Database) throws(StorageError) -> Bool {
        do {
            _ = try database.statistics.get(id)
            return true
        } catch {
            guard case .notFound = error else { throw error }
            return false
        }
    }

    /// A blob of a file's bytes.
    static func blob(of path: String, in blobs: BlobStore, atMost limit: Int64) throws -> StoredBlob {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw StorageError.file(doing: "read", path: path, errno: errno) }
        defer { try? handle.close() }
        let writer = try blobs.writer()
        while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty {
            guard writer.size + Int64(data.count) <= limit else { throw JobsError.fileTooLarge(limit: limit) }
            try data.withUnsafeBytes { try writer.write($0) }
        }
        return try writer.finish()
    }
}

extension EvaluationFileRecord {
    /// The API's object.
    package func payload() throws -> JSON { try EvaluationFile(self).payload }
}
