/// How far something is that a person waits for.
package struct ShownProgress: Equatable {
    /// What is being done, one word.
    package var label: String
    /// What the bar shows, 0…1.
    var fraction: Double
    /// How much of how much, in words; empty where that tells nothing.
    package var detail = ""
    /// Seconds that remain; nil while unknown.
    var remaining: Double?
    /// Whether it is worth a line of its own even when it is over at once.
    let isPhase: Bool

    /// Bytes on their way.
    package init(_ label: String, bytes: Int64, of total: Int64, remaining: Double? = nil) {
        self.label = label
        fraction = total > 0 ? Double(bytes) / Double(total) : 1
        detail = "\(Quantity.bytes(bytes)) of \(Quantity.bytes(total))"
        self.remaining = remaining
        isPhase = false
    }

    /// Steps of a phase of a job.
    ///
    /// - Parameter overall: the share of the whole job that is done, which the bar shows; nil where a server does not tell it: the phase's then.
    package init(_ label: String, steps: Int, of total: Int, overall: Double? = nil, remaining: Double?) {
        self.label = label
        fraction = overall ?? (total > 0 ? Double(steps) / Double(total) : 1)
        detail = total > 1 ? "\(steps) of \(total)" : ""
        self.remaining = remaining
        isPhase = true
    }

    /// The share done in whole per cents: 100 only when all is.
    var percent: Int { Int(max(0, min(1, fraction)) * 100) }
}
