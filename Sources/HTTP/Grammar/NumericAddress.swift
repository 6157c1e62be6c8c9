import Foundation

/// An internet address as people write it: `127.0.0.1`, `::1`.
struct NumericAddress {
    let host: String
    let port: Int

    /// Nil for what is none.
    init?(_ address: UnsafePointer<sockaddr>, length: socklen_t) {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let result = getnameinfo(
            address, length, &host, socklen_t(host.count), &port, socklen_t(port.count), NI_NUMERICHOST | NI_NUMERICSERV)
        guard result == 0, let number = Int(Self.text(port)) else { return nil }
        self.host = Self.text(host)
        self.port = number
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
