import Foundation

/// Addresses of Unix-domain sockets.
package enum UnixAddress {
    /// Calls `body` with the address of the socket at `path`; -1 (with `errno`) when its folder cannot be opened.
    ///
    /// The address itself holds no more than 107 bytes: the folder, which may be anywhere, is named by a descriptor (proc(5)).
    package static func with(path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        let url = URL(fileURLWithPath: path)
        let folder = open(url.deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return -1 }
        defer { close(folder) }
        let name = Array("/proc/self/fd/\(folder)/\(url.lastPathComponent)".utf8)
        var address = sockaddr_un()
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else {
            errno = ENAMETOOLONG
            return -1
        }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}
