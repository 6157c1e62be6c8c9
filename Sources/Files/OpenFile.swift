import Foundation
import Synchronization

/// A file opened for reading, closed when this value goes. It stays readable when it is removed meanwhile.
///
/// Many may be held for as long as somebody slow takes to read them, so only so many are open at a time: ``allow(_:)``.
package final class OpenFile: Sendable {
    /// Those that are open. Descriptors are the process's, whatever the file is for.
    private static let held = Atomic(0)
    private static let most = Atomic(Int.max)

    /// Lets so many be open at a time; one more is refused.
    package static func allow(_ count: Int) { most.store(count, ordering: .relaxed) }

    /// Bytes in it when it was opened.
    package let size: Int64
    /// What the kernel knows it by: sendfile(2) needs no copy of its bytes.
    package let descriptor: Int32

    /// Opens a regular file.
    ///
    /// - Throws: ``FilesError/tooManyOpen``; CocoaError.
    package convenience init(_ url: URL) throws {
        try self.init {
            let found = open(url.path, O_RDONLY | O_CLOEXEC)
            if found < 0, errno == EMFILE || errno == ENFILE { throw FilesError.tooManyOpen }
            guard found >= 0 else { throw CocoaError(errno == ENOENT ? .fileReadNoSuchFile : .fileReadUnknown) }
            return found
        }
    }

    /// Takes over the descriptor of a regular file that `open` opens, if one more may be open.
    ///
    /// - Throws: ``FilesError/tooManyOpen``; CocoaError; what `open` throws.
    package init(opening open: () throws -> Int32) throws {
        guard Self.held.add(1, ordering: .relaxed).newValue <= Self.most.load(ordering: .relaxed) else {
            Self.held.subtract(1, ordering: .relaxed)
            throw FilesError.tooManyOpen
        }
        do {
            let found = try open()
            var status = stat()
            guard fstat(found, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                close(found)
                throw CocoaError(.fileReadUnknown)
            }
            descriptor = found
            size = Int64(status.st_size)
        } catch {
            Self.held.subtract(1, ordering: .relaxed)
            throw error
        }
    }

    /// `count` bytes from `offset`; fewer where the file ends.
    package func read(at offset: Int64, count: Int) throws(CocoaError) -> [UInt8] {
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
        Self.held.subtract(1, ordering: .relaxed)
    }
}
