import Dispatch

/// How long a peer may still be waited for while a body or an answer moves: an allowance of seconds, which waiting uses up and every byte
/// that moves earns back at a rate.
///
/// So a peer that stands still is given up when the allowance is used up, one that is slower than the rate a while later, and one that is
/// faster never, however much there is to move.
struct Pace {
    private let allowance: Double
    private let rate: Double
    private var left: Double

    /// - Parameters:
    ///   - allowance: seconds.
    ///   - rate: bytes a second.
    init(allowance: Double, rate: Double) {
        self.allowance = allowance
        self.rate = rate
        left = allowance
    }

    /// When a wait that begins now has taken too long.
    var deadline: DispatchTime { Timeouts.after(max(0, left)) }

    /// Whether there is any time left.
    var isUsedUp: Bool { left <= 0 }

    mutating func waited(since start: DispatchTime) {
        left -= Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9
    }

    mutating func moved(_ bytes: Int) {
        left = min(allowance, left + Double(bytes) / rate)
    }
}
