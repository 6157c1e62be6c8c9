import Foundation
import Synchronization

/// The files of uploads, `DIR/uploads/upl_…`, and who is at work on which.
final class UploadFolder: Sendable {
    private let folder: DataFolder
    private let busy = Mutex<Set<String>>([])

    init(_ folder: DataFolder) {
        self.folder = folder
    }

    var path: String { folder.uploads.path }

    func path(of id: String) -> String { folder.uploads.appendingPathComponent(id, isDirectory: false).path }

    /// Makes the upload the caller's own until ``release(_:)``.
    func hold(_ id: String) throws(StorageError) {
        guard busy.withLock({ $0.insert(id).inserted }) else { throw .uploadBusy(id: id) }
    }

    func release(_ id: String) {
        busy.withLock { _ = $0.remove(id) }
    }

    func remove(_ id: String) {
        unlink(path(of: id))
    }

    func synchronize() throws(StorageError) {
        try DataFolder.synchronize(directory: path)
    }

    /// The files there are and their sizes, at start-up.
    func sizes() throws(StorageError) -> [String: Int64] {
        var sizes: [String: Int64] = [:]
        for name in try DataFolder.names(in: path) {
            var status = stat()
            guard lstat(path(of: name), &status) == 0 else { throw .file(doing: "look at", path: path(of: name), errno: errno) }
            sizes[name] = Int64(status.st_size)
        }
        return sizes
    }
}
