import Jobs

/// Bytes on their way, and how long the rest will take at the speed so far.
struct TransferRate {
    private let total: Int64
    private let begin = JobProgressReporter.now()
    /// Bytes that are there, and those of them that were there before.
    private var (done, passed) = (Int64(0), Int64(0))

    /// Seconds before which a speed says nothing.
    private static let shortest = 1.0

    /// - Parameter total: bytes in all.
    init(of total: Int64) {
        self.total = total
    }

    /// Counts bytes that came.
    mutating func add(_ bytes: Int64) { done += bytes }

    /// Counts bytes that were there already.
    mutating func pass(_ bytes: Int64) {
        done += bytes
        passed += bytes
    }

    /// How far it is.
    func progress(_ label: String) -> ShownProgress {
        let (seconds, came) = (JobProgressReporter.now() - begin, done - passed)
        let remaining = seconds > Self.shortest && came > 0 ? seconds * Double(total - done) / Double(came) : nil
        return ShownProgress(label, bytes: done, of: total, remaining: remaining)
    }
}
