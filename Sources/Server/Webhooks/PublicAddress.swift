import Foundation
import HTTP

/// Which addresses belong to the internet at large (IANA's registries of special-purpose addresses, RFC 6890).
///
/// A stranger who may name a host must not make the server talk to what only the server reaches.
package enum PublicAddress {
    /// The first bytes of a block of addresses.
    private struct Block {
        let bytes: [UInt8]
        let length: Int

        func contains(_ address: ArraySlice<UInt8>) -> Bool {
            zip(bytes, address).enumerated().allSatisfy { index, pair in
                let bits = max(0, min(8, length - 8 * index))
                let mask = bits == 0 ? 0 : UInt8(truncatingIfNeeded: 0xFF << (8 - bits))
                return pair.0 & mask == pair.1 & mask
            }
        }
    }

    /// This network, private, carriers' NAT, loopback, link-local, protocol assignments, documentation (three), relays of 6to4, private,
    /// benchmarks, multicast, and what is reserved with the broadcast address.
    private static let special4 = [
        Block(bytes: [0], length: 8), Block(bytes: [10], length: 8), Block(bytes: [100, 64], length: 10), Block(bytes: [127], length: 8),
        Block(bytes: [169, 254], length: 16), Block(bytes: [172, 16], length: 12), Block(bytes: [192, 0, 0], length: 24),
        Block(bytes: [192, 0, 2], length: 24), Block(bytes: [198, 51, 100], length: 24), Block(bytes: [203, 0, 113], length: 24),
        Block(bytes: [192, 88, 99], length: 24), Block(bytes: [192, 168], length: 16), Block(bytes: [198, 18], length: 15),
        Block(bytes: [224], length: 4), Block(bytes: [240], length: 4),
    ]

    /// Of 2000::/3: protocol assignments with Teredo, and documentation (two).
    private static let special6 = [
        Block(bytes: [0x20, 0x01, 0x00], length: 23), Block(bytes: [0x20, 0x01, 0x0D, 0xB8], length: 32),
        Block(bytes: [0x3F, 0xFF, 0x00], length: 20),
    ]
    private static let global6 = Block(bytes: [0x20], length: 3)
    /// Addresses that carry one of IPv4 behind so many bytes: mapped, translated (NAT64), and 6to4.
    private static let carriers: [(block: Block, offset: Int)] = [
        (Block(bytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], length: 96), 12),
        (Block(bytes: [0x00, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0], length: 96), 12),
        (Block(bytes: [0x20, 0x02], length: 16), 2),
    ]

    /// Whether the address of a socket is one of these. Of any family but the internet's none is.
    package static func contains(_ address: UnsafePointer<sockaddr>) -> Bool {
        let raw = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            let found = raw.loadUnaligned(as: sockaddr_in.self)
            return withUnsafeBytes(of: found.sin_addr) { contains4(Array($0)[...]) }
        case AF_INET6:
            let found = raw.loadUnaligned(as: sockaddr_in6.self)
            return withUnsafeBytes(of: found.sin6_addr) { contains6(Array($0)[...]) }
        default: return false
        }
    }

    /// The same of a host that is an address itself, however it is written (`127.1`, `0x7f000001`, `2130706433`; IPv6 without brackets);
    /// nil when it is a name.
    package static func contains(literal host: String) -> Bool? {
        // The C library's reader of IPv4 overlooks what comes behind a space.
        guard !host.utf8.contains(where: ASCII.isBlank) else { return nil }
        var four = in_addr()
        if inet_aton(host, &four) == 1 { return withUnsafeBytes(of: four) { contains4(Array($0)[...]) } }
        var six = in6_addr()
        if inet_pton(AF_INET6, host, &six) == 1 { return withUnsafeBytes(of: six) { contains6(Array($0)[...]) } }
        return nil
    }

    private static func contains4(_ bytes: ArraySlice<UInt8>) -> Bool {
        !special4.contains { $0.contains(bytes) }
    }

    private static func contains6(_ bytes: ArraySlice<UInt8>) -> Bool {
        for carrier in carriers where carrier.block.contains(bytes) { return contains4(bytes.dropFirst(carrier.offset).prefix(4)) }
        return global6.contains(bytes) && !special6.contains { $0.contains(bytes) }
    }
}
