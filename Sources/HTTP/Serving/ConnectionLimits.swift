/// How many connections are served at a time.
package struct ConnectionLimits: Sendable {
    /// All of them. Beyond, whoever has waited longest without a request makes room; where all are busy, more wait in the backlog.
    package var total = 4096
    /// From one address (IPv6: one network of 64 bits); nil is no limit. Beyond, whoever of them has waited longest without a request makes
    /// room; where all are busy, another is turned away with 503.
    package var perAddress: Int?

    package init(total: Int = 4096, perAddress: Int? = nil) {
        self.total = max(1, total)
        self.perAddress = perAddress.map { max(1, $0) }
    }
}
