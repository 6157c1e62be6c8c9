import Storage

/// When a webhook that failed is tried again.
package struct WebhookDelays: Sendable {
    /// Seconds: ten attempts in a day, most of them while the receiver may only be restarting.
    package static let standard: [Double] = [5, 30, 120, 600, 1800, 3600, 10800, 21600, 43200]

    private let seconds: [Double]

    /// - Parameter seconds: from each attempt to the next.
    init(_ seconds: [Double]) {
        self.seconds = seconds
    }

    /// When the attempt comes that follows `attempts` that failed; nil when there were enough. A fifth earlier or later: those that
    /// failed together need not come again together.
    func next(after attempts: Int, now: Timestamp = .now()) -> Timestamp? {
        guard attempts >= 1, attempts <= seconds.count else { return nil }
        return Timestamp(milliseconds: now.milliseconds + Int64(seconds[attempts - 1] * .random(in: 0.8...1.2) * 1000))
    }
}
