import Foundation
import GRDB

/// A complete upload that is being made into something; while this value lives no one else touches it.
public final class HeldUpload: Sendable {
    /// The upload.
    public let upload: Upload
    /// Where its bytes are.
    public var path: String { folder.path(of: upload.id) }
    private let folder: UploadFolder

    init(_ upload: Upload, in folder: UploadFolder) {
        self.upload = upload
        self.folder = folder
    }

    deinit {
        folder.release(upload.id)
    }

    /// Takes the row away, in the transaction that creates what the upload became. ``removeFile()`` is to follow.
    func consume(in rows: GRDB.Database) throws {
        try rows.execute(sql: "DELETE FROM uploads WHERE id = ? AND offset = length", arguments: [upload.id])
        guard rows.changesCount == 1 else { throw StorageError.notFound(.upload, id: upload.id) }
    }

    func removeFile() {
        folder.remove(upload.id)
    }
}
