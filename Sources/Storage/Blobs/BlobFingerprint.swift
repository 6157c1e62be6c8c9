import Foundation

/// What tells that a file was written to or replaced since it was looked at. Only a disk that loses bytes by itself leaves it as it was:
/// also who puts the time of the last write back cannot put back that of the last change.
struct BlobFingerprint: Sendable, Hashable {
    private let inode: UInt64
    let size: Int64
    /// Nanoseconds since 1970 of the last write, and of the last change of anything.
    private let written: Int64
    private let changed: Int64

    init(_ status: stat) {
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        written = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        changed = Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
    }

    /// Of the file at `path`; nil where there is none.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Of an open file; nil when it cannot be asked for.
    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    /// The numbers as text, for the table of what is damaged.
    var text: String { "\(inode) \(size) \(written) \(changed)" }
}
