import Dispatch
import Foundation
import Synchronization

/// The files of uploads, `DIR/uploads/upl_…`, and who is at work on which.
final class UploadFolder: Sendable {
    /// Someone at work on an upload.
    private struct Holder {
        /// Makes them end; nil for those who must not be disturbed.
        let interrupt: (@Sendable () -> Void)?
        /// Left when they have ended.
        let work = DispatchGroup()
    }

    private let folder: DataFolder
    private let holders = Mutex<[String: Holder]>([:])

    /// Seconds that someone who is interrupted gets to keep what has come.
    private static let patience = 10

    init(_ folder: DataFolder) {
        self.folder = folder
    }

    var path: String { folder.uploads.path }

    func path(of id: String) -> String { folder.uploads.appendingPathComponent(id, isDirectory: false).path }

    /// Makes the upload the caller's own until ``release(_:)``.
    /// - Parameters:
    ///   - interrupting: whether someone who can be interrupted is, and waited for.
    ///   - interrupt: makes the caller end, when someone else wants the upload.
    /// - Throws: ``StorageError/uploadBusy(id:)``
    func hold(_ id: String, interrupting: Bool = false, interrupt: (@Sendable () -> Void)? = nil) throws(StorageError) {
        let end = DispatchTime.now() + .seconds(Self.patience)
        while true {
            let other = holders.withLock { holders -> Holder? in
                if let other = holders[id] { return other }
                let holder = Holder(interrupt: interrupt)
                holder.work.enter()
                holders[id] = holder
                return nil
            }
            guard let other else { return }
            guard interrupting, let interrupt = other.interrupt else { throw .uploadBusy(id: id) }
            interrupt()
            guard other.work.wait(timeout: end) == .success else { throw .uploadBusy(id: id) }
        }
    }

    func release(_ id: String) {
        holders.withLock { $0.removeValue(forKey: id) }?.work.leave()
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
