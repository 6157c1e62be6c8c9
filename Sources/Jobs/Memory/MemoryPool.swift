import Dispatch
import Synchronization

/// So many bytes, from which whoever is about to allocate takes a share. Who does not fit in waits, first come, first served: a small one
/// does not pass a large one for ever.
final class MemoryPool: Sendable {
    private struct Waiter {
        let number: Int
        let bytes: Int
        let resume: @Sendable (_ isGranted: Bool) -> Void
    }

    private struct State {
        var free: Int
        var slots: Int
        var waiting: [Waiter] = []
        var nextNumber = 0

        func fits(_ bytes: Int) -> Bool { bytes <= free && slots > 0 }
    }

    /// Bytes in all.
    let capacity: Int
    private let state: Mutex<State>

    /// - Parameter slots: how many may have a share at a time.
    init(_ capacity: Int, slots: Int = .max) {
        self.capacity = capacity
        state = Mutex(State(free: capacity, slots: slots))
    }

    /// How many wait.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Bytes that nobody has.
    var free: Int { state.withLock { $0.free } }

    /// A share, which is waited for without a thread.
    ///
    /// - Parameter patience: seconds after which the place is given up.
    /// - Throws: ``RequestMemoryError``.
    func share(_ bytes: Int, for what: String, patience: Double) async throws(RequestMemoryError) -> MemoryShare {
        try check(bytes, what)
        let isGranted = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            let number = enqueue(bytes) { continuation.resume(returning: $0) }
            guard let number else { return }
            DispatchQueue.global().asyncAfter(deadline: .now() + patience) { [weak self] in self?.giveUp(number) }
        }
        guard isGranted else { throw .busy(what) }
        return MemoryShare(self, bytes)
    }

    /// A share, for which the thread waits as long as it takes. Only for who holds nothing that the holders of this pool's shares wait for.
    ///
    /// - Throws: ``RequestMemoryError/tooLarge(_:bytes:limit:)``.
    func share(_ bytes: Int, for what: String) throws(RequestMemoryError) -> MemoryShare {
        try check(bytes, what)
        let granted = DispatchSemaphore(value: 0)
        if enqueue(bytes, { _ in granted.signal() }) != nil { granted.wait() }
        return MemoryShare(self, bytes)
    }

    /// More for a share that somebody has, who waits for nothing with it.
    func take(_ bytes: Int) -> Bool {
        state.withLock { state in
            guard bytes <= state.free else { return false }
            state.free -= bytes
            return true
        }
    }

    /// Takes back `bytes`, and a slot.
    func giveBack(_ bytes: Int) {
        let next = state.withLock { state in
            state.free += bytes
            state.slots += 1
            var next: [Waiter] = []
            while let first = state.waiting.first, state.fits(first.bytes) {
                state.waiting.removeFirst()
                state.free -= first.bytes
                state.slots -= 1
                next.append(first)
            }
            return next
        }
        for waiter in next { waiter.resume(true) }
    }

    private func check(_ bytes: Int, _ what: String) throws(RequestMemoryError) {
        guard bytes <= capacity else { throw .tooLarge(what, bytes: bytes, limit: capacity) }
    }

    /// Takes the bytes and resumes at once, giving nil, or waits, giving the place's number.
    private func enqueue(_ bytes: Int, _ resume: @escaping @Sendable (Bool) -> Void) -> Int? {
        let number = state.withLock { state -> Int? in
            if state.waiting.isEmpty, state.fits(bytes) {
                state.free -= bytes
                state.slots -= 1
                return nil
            }
            state.nextNumber += 1
            state.waiting.append(Waiter(number: state.nextNumber, bytes: bytes, resume: resume))
            return state.nextNumber
        }
        if number == nil { resume(true) }
        return number
    }

    private func giveUp(_ number: Int) {
        let waiter = state.withLock { state -> Waiter? in
            state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0) }
        }
        guard let waiter else { return }
        waiter.resume(false)
        // Behind a large one that goes, small ones may fit.
        giveBackNothing()
    }

    private func giveBackNothing() {
        state.withLock { $0.slots -= 1 }
        giveBack(0)
    }
}

/// A part of a pool; given back with the last reference.
package final class MemoryShare: Sendable {
    private let pool: MemoryPool
    private let bytes: Mutex<Int>

    fileprivate init(_ pool: MemoryPool, _ bytes: Int) {
        self.pool = pool
        self.bytes = Mutex(bytes)
    }

    deinit { pool.giveBack(bytes.withLock { $0 }) }

    /// Takes more without waiting, as waiting with a share in the hand could wait for itself.
    ///
    /// - Throws: ``RequestMemoryError/busy(_:)`` where there is no more.
    func grow(_ more: Int, for what: String) throws(RequestMemoryError) {
        guard pool.take(more) else { throw .busy(what) }
        bytes.withLock { $0 += more }
    }
}
