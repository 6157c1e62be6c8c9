import Foundation
import HTTP
import Testing

/// A plain blocking client: what is sent is exactly the bytes given.
package final class Client {
    private let descriptor: Int32

    package convenience init(_ server: HTTPServer) throws { try self.init(port: server.port) }

    package init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        let trouble = errno
        try #require(result == 0, "cannot connect: \(String(cString: strerror(trouble)))")
        // So that a server that does not answer fails the test rather than hangs it. Not sooner than a busy machine may need: what is not
        // waited for any more looks like the end.
        var limit = timeval(tv_sec: 600, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
    }

    package func send(_ text: String) {
        send(Array(text.utf8))
    }

    /// Sends what the server takes: it may have closed already.
    package func send(_ bytes: [UInt8]) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress! + offset, bytes.count - offset, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            offset += count
        }
    }

    /// Whether there is something to receive.
    package var hasAnswer: Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, 0) > 0
    }

    /// Neither sends nor receives any more.
    package func leave() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Ends the connection by a reset, of which the server hears at once; nothing can be done with it after that.
    package func reset() {
        var nobody = sockaddr()
        nobody.sa_family = sa_family_t(AF_UNSPEC)
        _ = connect(descriptor, &nobody, socklen_t(MemoryLayout<sockaddr>.size))
    }

    package func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// One read; empty at the end.
    package func receive() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        if count < 0, errno == EAGAIN { Issue.record("the server says nothing and does not close") }
        return Array(bytes.prefix(max(0, count)))
    }

    /// Everything until the server closes.
    package func receiveAll() -> String {
        var bytes: [UInt8] = []
        while case let more = receive(), !more.isEmpty { bytes += more }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Everything until `text` has come, or the end.
    package func receive(until text: String) -> String {
        var bytes: [UInt8] = []
        while !String(decoding: bytes, as: UTF8.self).contains(text) {
            let more = receive()
            if more.isEmpty { break }
            bytes += more
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
