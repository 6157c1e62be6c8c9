import Foundation
import Server
import Testing

/// What a stranger may name: the edges of every block that is not the internet's.
@Suite struct PublicAddressTests {
    @Test(arguments: [
        "1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.88.98.255", "192.88.100.0",
        "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0",
        "223.255.255.255", "2000::", "2001:200::", "2001:4860:4860::8888", "2001:db7:ffff::", "2001:db9::", "2606:4700::1111",
        "3ffe::1", "3fff:1000::", "3fff:ffff:ffff::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:0808:0808::1",
    ])
    func thisIsPublic(address: String) {
        #expect(PublicAddress.contains(literal: address) == true)
        #expect(connectable(address))
    }

    @Test(arguments: [
        "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.0", "127.0.0.1",
        "127.255.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0",
        "192.0.0.255", "192.0.2.0", "192.0.2.255", "192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255",
        "198.51.100.7", "203.0.113.7", "224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.255",
        // As resolvers and browsers read them too.
        "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "0x7f.1", "10.1",
        "::", "::1", "::2", "::7f00:1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "::ffff:0:8.8.8.8",
        "64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::8.8.8.8", "64:ff9b:0:1::1", "100::1", "100:0:0:1::1", "1fff:ffff::",
        "2001::1", "2001:1ff:ffff::", "2001:20::1", "2001:db8::1", "2001:db8:ffff::", "2002:7f00:1::", "2002:0a00:1::1",
        "2002:c0a8:101::1", "3fff::1", "3fff:fff::1", "4000::", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "febf::1", "fec0::1",
        "ff02::1",
    ])
    func thisIsNot(address: String) {
        #expect(PublicAddress.contains(literal: address) == false)
        if inet_addr(address) == .max || address.split(separator: ".").count == 4 { #expect(!connectable(address)) }
    }

    @Test(arguments: ["example.com", "localhost", "1.2.3.4.5", "256.1.1.1", "", "::1%lo", "[::1]", "0x", "1.2.3.4 x"])
    func aNameIsNoAddress(host: String) {
        #expect(PublicAddress.contains(literal: host) == nil)
    }

    @Test func noOtherFamilyIsPublic() {
        var address = sockaddr()
        address.sa_family = sa_family_t(AF_UNIX)
        #expect(!PublicAddress.contains(&address))
    }

    /// Through the address of a socket, as it is asked for when a connection is made.
    private func connectable(_ address: String) -> Bool {
        var four = sockaddr_in()
        four.sin_family = sa_family_t(AF_INET)
        if inet_pton(AF_INET, address, &four.sin_addr) == 1 {
            return withUnsafePointer(to: &four) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { PublicAddress.contains($0) } }
        }
        var six = sockaddr_in6()
        six.sin6_family = sa_family_t(AF_INET6)
        guard inet_pton(AF_INET6, address, &six.sin6_addr) == 1 else { return false }
        return withUnsafePointer(to: &six) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { PublicAddress.contains($0) } }
    }
}
