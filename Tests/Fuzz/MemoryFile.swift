import Foundation

/// A file without a place on a disk, for readers that take a path.
final class MemoryFile {
    // In memory, and without a name from the beginning.
    private let descriptor: Int32 = {
        var name = Array("/dev/shm/pruner-fuzz-XXXXXX".utf8CString)
        let found = mkstemp(&name)
        unlink(name)
        return found
    }()

    /// Opens as a file of its own.
    var path: String { "/proc/self/fd/\(descriptor)" }

    /// Replaces its content.
    func write(_ bytes: [UInt8]) {
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
            fatalError("a file in memory takes no bytes: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// The one file of this process; inputs come one after the other.
    nonisolated(unsafe) private static let shared = MemoryFile()

    /// The path of a file that holds `bytes`, until the next call.
    static func path(of bytes: [UInt8]) -> String {
        shared.write(bytes)
        return shared.path
    }
}
