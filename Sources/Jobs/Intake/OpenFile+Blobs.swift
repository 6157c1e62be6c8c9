import Files
import Foundation
import Storage

extension OpenFile {
    /// Opens a blob whose bytes are what was stored.
    ///
    /// - Throws: ``StorageError/damaged(_:id:file:found:)``; ``FilesError/tooManyOpen``.
    package convenience init(_ blobs: BlobStore, _ digest: BlobDigest, of kind: StorageError.Kind, _ id: String, file: String) throws {
        try self.init {
            do {
                return try blobs.open(digest, of: kind, id, file: file)
            } catch StorageError.file(_, _, let errno) where errno == EMFILE || errno == ENFILE {
                throw FilesError.tooManyOpen
            }
        }
    }
}
