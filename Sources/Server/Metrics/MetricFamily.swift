/// Series of one name: what they mean and of which kind they are.
package struct MetricFamily: Sendable {
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// As it is exposed, in base units: `pruner_http_requests_total`.
    let name: String
    let kind: Kind
    /// One line.
    let help: String
    /// A histogram's upper bounds in the name's unit, rising; the one of all values is added.
    var bounds: [Double]

    package init(name: String, kind: Kind, help: String, bounds: [Double] = []) {
        self.name = name
        self.kind = kind
        self.help = help
        self.bounds = bounds
    }
}
