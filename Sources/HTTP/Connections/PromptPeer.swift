import Dispatch
import Foundation
import Synchronization

/// Whether a peer was soon there when it was waited for last. Then the thread itself waits a moment for the next time, which spares two
/// others that would hand over to each other.
final class PromptPeer: Sendable {
    private let isPrompt = Atomic(false)

    /// The threads that wait so: of all sockets together, for peers that poll or send as fast as they are served.
    private static let waiters = Slots(64)
    /// Milliseconds that they wait.
    private static let moment: Int32 = 1

    /// Waits with this thread, if that is promising. Returns whether there is something to be had.
    func waits(_ descriptor: Int32, for events: Int32) -> Bool {
        guard isPrompt.load(ordering: .relaxed), Self.waiters.take() else { return false }
        defer { Self.waiters.giveBack() }
        var waiting = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return poll(&waiting, 1, Self.moment) > 0
    }

    /// It was waited for otherwise, and came.
    func cameReady(since start: DispatchTime) {
        let time = DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds
        isPrompt.store(time < UInt64(Self.moment) * 1_000_000, ordering: .relaxed)
    }
}
