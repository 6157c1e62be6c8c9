import Foundation
import Synchronization

/// A caller's helpers: threads that wait for the parts of one piece of work after the other.
///
/// They look out for the next piece for a fraction of a millisecond before they sleep: a step of a model has thousands of pieces, many of them
/// shorter than waking a thread takes. A helper that has not begun by the time all is done is told not to, so nobody waits for a thread
/// that other load keeps from running.
///
/// - Note: Sendable by hand. `body` and `count` are written by the one caller that has taken the team, before it hands a helper the
///   work (a releasing exchange), and read by the helper after it has taken it (an acquiring one); the caller writes them again only
///   after every helper has given the work back or been told not to begin. All else is atomic.
final class Team: @unchecked Sendable {
    private let helpers: [Helper]
    private let next = Atomic<Int>(0)
    private var body: ((Int, Int) -> Void)?
    private var count = 0

    /// Teams that nobody is using, by their number of helpers. One that is busy is somebody else's: jobs do not wait for each other.
    private static let idle = Mutex<[Int: [Team]]>([:])

    /// Calls `body(part, worker)` for every part in `0..<count` on `threads` threads, the caller's among them, whoever is free taking
    /// the next; returns when all are done. No two calls at a time have the same worker, which is below `threads`.
    static func forEach(_ count: Int, threads: Int, _ body: (Int, Int) -> Void) {
        let size = min(threads, count) - 1
        let team = idle.withLock { $0[size]?.popLast() } ?? Team(helpers: size)
        withoutActuallyEscaping(body) { team.run(count, $0) }
        idle.withLock { $0[size, default: []].append(team) }
    }

    private init(helpers count: Int) {
        helpers = (0..<count).map { _ in Helper() }
        for (index, helper) in helpers.enumerated() {
            // The team lives as long as its threads, which never end: there are no more of them than work has been done at once.
            let thread = Thread {
                // As nice as the threads on which jobs run, and never less: a team made for a request's forecast serves jobs later.
                Niceness.takeOn()
                helper.wait { self.work(index + 1) }
            }
            thread.name = "engine"
            thread.start()
        }
    }

    private func run(_ count: Int, _ body: @escaping (Int, Int) -> Void) {
        self.count = count
        self.body = body
        next.store(0, ordering: .relaxed)
        for helper in helpers { helper.begin() }
        work(0)
        for helper in helpers { helper.finish() }
        self.body = nil
    }

    /// Takes parts until there are none left.
    private func work(_ worker: Int) {
        guard let body else { return }
        while true {
            let part = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard part < count else { return }
            body(part, worker)
        }
    }
}

/// One thread of a team.
private final class Helper: Sendable {
    private enum State {
        static let waiting = 0
        static let sleeping = 1
        static let called = 2
        static let working = 3
    }

    private let state = Atomic<Int>(State.waiting)
    private let wake = DispatchSemaphore(value: 0)

    /// Looks to take before sleeping: some hundred microseconds, longer than what a job does alone between most pieces of work. A helper that has
    /// to be woken misses the short ones.
    private static let patience = 200_000
    /// Looks that its caller takes before it makes room for the thread: some tens of microseconds.
    private static let callersPatience = 20_000

    /// The thread's whole life.
    func wait(_ work: () -> Void) -> Never {
        while true {
            var looks = 0
            while looks < Self.patience {
                if state.load(ordering: .relaxed) == State.called && change(from: State.called, to: State.working) {
                    work()
                    state.store(State.waiting, ordering: .releasing)
                    looks = 0
                } else {
                    looks += 1
                }
            }
            if change(from: State.waiting, to: State.sleeping) { wake.wait() }
        }
    }

    /// Calls it to work.
    func begin() {
        if state.exchange(State.called, ordering: .acquiringAndReleasing) == State.sleeping { wake.signal() }
    }

    /// Returns when it works no more.
    func finish() {
        if change(from: State.called, to: State.waiting) { return }
        var looks = 0
        while state.load(ordering: .acquiring) == State.working {
            looks += 1
            // Its thread may be waiting for this one's processor.
            if looks > Self.callersPatience { sched_yield() }
        }
    }

    private func change(from old: Int, to new: Int) -> Bool {
        state.compareExchange(expected: old, desired: new, ordering: .acquiringAndReleasing).exchanged
    }
}
