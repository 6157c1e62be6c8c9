import Foundation

/// An open file that is read by position, a piece at a time: never mapped, so that a file that shrinks is an error and no signal.
package final class ByteFile: Sendable {
    private let descriptor: Int32
    /// Bytes in the file when it was opened.
    package let size: Int

    package init(path: String) throws(TorchFileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.systemError("opening the weights") }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let error = Self.systemError("reading the weights")
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// Fills `buffer` with the bytes from `offset` on.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(TorchFileError) {
        guard offset >= 0, offset <= size, buffer.count <= size - offset else {
            throw .archive(entry: nil, trouble: "bytes beyond its end are asked for; it may be cut short")
        }
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.systemError("reading the weights") }
            guard count > 0 else { throw .archive(entry: nil, trouble: "it became shorter while it was read") }
            done += count
        }
    }

    /// `count` bytes from `offset` on; the caller has bounded `count`.
    func bytes(at offset: Int, count: Int) throws(TorchFileError) -> [UInt8] {
        guard count >= 0, offset >= 0, offset <= size, count <= size - offset else {
            throw .archive(entry: nil, trouble: "bytes beyond its end are asked for; it may be cut short")
        }
        var bytes = [UInt8](repeating: 0, count: count)
        // Through a Result, since withUnsafeMutableBytes passes on untyped errors only.
        let result = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(TorchFileError) in try read(into: buffer, at: offset) }
        }
        try result.get()
        return bytes
    }

    private static func systemError(_ action: String) -> TorchFileError {
        .system(action: action, reason: String(cString: strerror(errno)))
    }
}
