import Foundation

/// A file opened for reading, closed when this value goes. It stays readable when it is removed meanwhile.
package final class OpenFile: Sendable {
    /// Bytes in it when it was opened.
    package let size: Int64
    let descriptor: Int32

    /// Opens a regular file.
    package init(_ url: URL) throws(CocoaError) {
        descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CocoaError(errno == ENOENT ? .fileReadNoSuchFile : .fileReadUnknown) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw CocoaError(.fileReadUnknown)
        }
        size = Int64(status.st_size)
    }

    /// `count` bytes from `offset`; fewer where the file ends.
    func read(at offset: Int64, count: Int) throws(CocoaError) -> [UInt8] {
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while initialized < count {
                let found = pread(descriptor, buffer.baseAddress! + initialized, count - initialized, off_t(offset) + off_t(initialized))
                if found < 0, errno == EINTR { continue }
                failed = found < 0
                if found <= 0 { return }
                initialized += found
            }
        }
        if failed { throw CocoaError(.fileReadUnknown) }
        return bytes
    }

    deinit {
        close(descriptor)
    }
}
