/// Keeps web pages away from a server on loopback, which trusts whoever reaches it: a page of a stranger's can make a browser send
/// requests to it, under a name of its own (DNS rebinding: seen in `Host`) or from its own origin (seen in `Origin`).
package struct LoopbackGuard: Sendable {
    /// The port the server listens on.
    let port: Int
    /// What nearly every request says.
    private let usual: Set<String>

    package init(port: Int) {
        self.port = port
        usual = ["localhost:\(port)", "127.0.0.1:\(port)"]
    }

    /// - Throws: 421 when the request is for another host; 403 when it comes from a page that is not this server's own.
    package func check(_ request: Request) throws(HTTPError) {
        // Only HTTP/1.0 clients may leave the host out; browsers never do.
        if let authority = request.authority, !isOurs(authority) { throw .misdirected(host: authority) }
        for origin in request.fields[values: .origin] {
            guard origin.lowercased().hasPrefix("http://"), isOurs(String(origin.dropFirst(7))) else { throw .foreignOrigin(origin) }
        }
    }

    private func isOurs(_ text: String) -> Bool {
        if usual.contains(text) { return true }
        guard let host = Host(text), host.port ?? 80 == port else { return false }
        if host.name == "localhost" || host.name == "[::1]" { return true }
        let numbers = host.name.utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers[0].elementsEqual("127".utf8)
            && numbers.allSatisfy { $0.count <= 3 && (ASCII.decimal($0).map { $0 <= 255 } ?? false) }
    }
}
