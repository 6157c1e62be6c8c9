import Dispatch
import Synchronization

/// What a connection is at, for itself and for those who may end it: one word, so that they cannot be of two minds.
///
///     silent ──▶ head ──▶ serving ──▶ silent …
///        └────────┴──▶ over
struct ConnectionPhase: ~Copyable, Sendable {
    /// 0 while a request is served, all ones when it is over; else since when a request is waited for, in nanoseconds of uptime: even
    /// while nothing of it has come, odd from its first byte on.
    private let word: Atomic<UInt64>

    private static let serving: UInt64 = 0
    private static let over = UInt64.max

    /// Silent from now on.
    init() { word = Atomic(Self.now) }

    private static var now: UInt64 { DispatchTime.now().uptimeNanoseconds & ~1 }

    /// Since when a request is waited for that has not come whole, in nanoseconds of uptime; nil while one is served, and when it is over.
    var waitingSince: UInt64? {
        let found = word.load(ordering: .relaxed)
        return found == Self.serving || found == Self.over ? nil : found
    }

    /// The next request is waited for.
    func fallSilent() { change { _ in Self.now } }

    /// The first byte of a request has come. Returns false when it is over.
    func headBegins() -> Bool { change { $0 | 1 } }

    /// A request has come whole. Returns false when it is over.
    func serve() -> Bool { change { _ in Self.serving } }

    /// Makes it over, unless a request is served.
    /// - Parameter onlyIfSilent: also not when one has begun to come.
    /// - Returns: whether it was made so by this call.
    func end(onlyIfSilent: Bool) -> Bool {
        change { $0 == Self.serving || onlyIfSilent && $0 & 1 == 1 ? nil : Self.over }
    }

    @discardableResult
    private func change(_ next: (UInt64) -> UInt64?) -> Bool {
        var found = word.load(ordering: .relaxed)
        while found != Self.over, let desired = next(found) {
            let result = word.weakCompareExchange(expected: found, desired: desired, ordering: .sequentiallyConsistent)
            if result.exchanged { return true }
            found = result.original
        }
        return false
    }
}
