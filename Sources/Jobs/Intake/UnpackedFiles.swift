import Storage

/// The files that were sent for one checkpoint.
package struct UnpackedFiles: Sendable {
    /// By path, without the folder that all of them lie in.
    package let files: [(path: String, blob: StoredBlob)]
    /// That folder's path with its last slash; empty where there is none. Who sent the files knows them by it.
    let folder: String

    /// Files of no folder in common.
    package init(_ files: [(path: String, blob: StoredBlob)]) { self.init(files, folder: "") }

    init(_ files: [(path: String, blob: StoredBlob)], folder: String) {
        self.files = files
        self.folder = folder
    }
}
