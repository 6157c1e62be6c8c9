import Synchronization

/// Tells those who follow a job that its rows have changed, after every commit that changed them. Who waits holds no thread.
public final class JobChanges: Sendable {
    private struct State {
        var followers: [String: [Int: AsyncStream<Void>.Continuation]] = [:]
        var count = 0
        var nextNumber = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    init() {}

    /// Whoever follows one job; until they leave, or are let go.
    public final class Follower: Sendable {
        /// An element for every change. Those that come while one has not been looked at are one: a slow follower sees the latest.
        public let changes: AsyncStream<Void>
        private let continuation: AsyncStream<Void>.Continuation
        private let end: @Sendable () -> Void

        fileprivate init(_ changes: AsyncStream<Void>, _ continuation: AsyncStream<Void>.Continuation, end: @escaping @Sendable () -> Void)
        {
            self.changes = changes
            self.continuation = continuation
            self.end = end
        }

        deinit { end() }

        /// Sees no more changes. A follower that is not asked to leave in the end may be gone as soon as it has told its changes.
        public func leave() { end() }

        /// Makes it look as if there were a change.
        public func wake() { continuation.yield() }
    }

    /// How many follow a job now.
    public var followerCount: Int { state.withLock { $0.count } }

    /// Follows a job. What was committed before this is no change. The changes end at once when all following has ended.
    public func follow(_ job: String) -> Follower {
        let (changes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state -> Int? in
            guard !state.isClosed else { return nil }
            state.nextNumber += 1
            state.count += 1
            state.followers[job, default: [:]][state.nextNumber] = continuation
            return state.nextNumber
        }
        guard let number else {
            continuation.finish()
            return Follower(changes, continuation) {}
        }
        return Follower(changes, continuation) { [weak self] in self?.remove(number, of: job) }
    }

    private func remove(_ number: Int, of job: String) {
        state.withLock { state in
            guard state.followers[job]?.removeValue(forKey: number) != nil else { return }
            state.count -= 1
            if state.followers[job]?.isEmpty == true { state.followers[job] = nil }
        }
    }

    /// Ends all following, now and later: the process is about to end.
    public func close() {
        let all = state.withLock { state in
            state.isClosed = true
            return state.followers.values.flatMap(\.values)
        }
        for continuation in all { continuation.finish() }
    }

    func announce(_ job: String) {
        let followers = state.withLock { Array(($0.followers[job] ?? [:]).values) }
        for continuation in followers { continuation.yield() }
    }
}
