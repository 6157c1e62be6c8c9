import Synchronization

/// Those who are at work by a token, for longer than it takes to look at one: they hear of its end when it comes.
final class Bearers: Sendable {
    private struct State {
        var ends: [String: [Int: @Sendable () -> Void]] = [:]
        var nextNumber = 0
    }

    private let state = Mutex(State())

    /// - Parameter end: called when the token ends, unless the presence is gone by then: it neither takes long nor comes here again.
    func enter(_ token: String, end: @escaping @Sendable () -> Void) -> TokenPresence {
        let number = state.withLock { state in
            state.nextNumber += 1
            state.ends[token, default: [:]][state.nextNumber] = end
            return state.nextNumber
        }
        return TokenPresence { [weak self] in self?.leave(number, of: token) }
    }

    private func leave(_ number: Int, of token: String) {
        state.withLock { state in
            state.ends[token]?[number] = nil
            if state.ends[token]?.isEmpty == true { state.ends[token] = nil }
        }
    }

    /// Tells all who are at work by the token. Under the lock, so that whoever has left is told no more.
    func end(_ token: String) {
        state.withLock { state in
            for end in (state.ends.removeValue(forKey: token) ?? [:]).values { end() }
        }
    }
}

/// Someone at work by a token, for as long as this value lives: ``TokenStore/enter(_:end:)``.
public final class TokenPresence: Sendable {
    private let leave: @Sendable () -> Void

    init(leave: @escaping @Sendable () -> Void) { self.leave = leave }

    deinit { leave() }
}
