import Synchronization

/// Wakes whoever tells events.
final class WebhookSignal: Sendable {
    private let listener = Mutex<(@Sendable () -> Void)?>(nil)

    func listen(_ listener: (@Sendable () -> Void)?) { self.listener.withLock { $0 = listener } }

    func signal() { listener.withLock { $0 }?() }
}
