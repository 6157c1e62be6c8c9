/// A value that is read when it is asked for.
package struct MetricSample: Sendable {
    /// Of the ``MetricFamily``.
    let name: String
    let labels: [(name: String, value: String)]
    let value: Double

    package init(_ name: String, _ labels: [(name: String, value: String)] = [], _ value: Double) {
        self.name = name
        self.labels = labels
        self.value = value
    }
}
