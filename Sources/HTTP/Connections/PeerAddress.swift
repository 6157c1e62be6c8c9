import Foundation

/// Whom a connection comes from, as far as limits count: an IPv4 address, or the 64 bits of an IPv6 address that name a network: one
/// client has all the addresses in it.
struct PeerAddress: Hashable {
    private let bits: UInt64

    /// Nil for a Unix-domain socket.
    init?(_ storage: sockaddr_storage) {
        let bytes = withUnsafeBytes(of: storage) { Array($0) }
        func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        switch Int32(storage.ss_family) {
        case AF_INET: bits = number(4..<8)
        // ::ffff:a.b.c.d is IPv4's a.b.c.d.
        case AF_INET6: bits = number(8..<16) == 0 && number(16..<20) == 0xFFFF ? number(20..<24) : number(8..<16)
        default: return nil
        }
    }
}
