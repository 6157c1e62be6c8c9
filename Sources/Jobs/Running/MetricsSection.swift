/// A section of a job's metrics: what it measures once, and perhaps a series beside it of what it measures again and again.
package struct MetricsSection: Sendable {
    /// Under which it is kept and told.
    package let name: String
    /// Whether points of a series are told in it, as `losses`.
    let hasSeries: Bool

    package init(_ name: String, hasSeries: Bool = false) {
        self.name = name
        self.hasSeries = hasSeries
    }

    static let parameters = MetricsSection("parameters")
    static let macs = MetricsSection("macs")
    static let size = MetricsSection("size")
    static let activationMemory = MetricsSection("activation_memory")
    static let timing = MetricsSection("timing")
    static let peakMemory = MetricsSection("peak_memory")
}
