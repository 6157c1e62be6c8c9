import Synchronization

/// So many that may do something at a time; whoever comes beyond that does not wait.
package final class Slots: Sendable {
    private let free: Atomic<Int>

    /// So many, all of them free.
    package init(_ count: Int) { free = Atomic(count) }

    /// Whether there was a free one, which is the caller's until ``giveBack()``.
    package func take() -> Bool {
        guard free.subtract(1, ordering: .acquiring).newValue < 0 else { return true }
        giveBack()
        return false
    }

    /// Makes one free that was taken.
    package func giveBack() { free.add(1, ordering: .releasing) }
}
