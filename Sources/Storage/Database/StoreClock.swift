import Foundation
import Synchronization

/// The store's own time, by which things grow old: the system's clock, as long as that does not leap.
///
/// The database keeps the time that it last believed. While a process runs it follows the system's clock. A system's clock that is more
/// than a day ahead of it is doubted: then the store's time goes on as the process runs, and the system's is believed once the store has
/// run with it for 24 hours, or when ``Database/acceptClock(now:)`` says so. One that went back only makes things younger.
public final class StoreClock: Sendable {
    /// A system's clock that is not believed.
    public struct Leap: Sendable, Equatable {
        /// The store's time.
        public let believed: Timestamp
        /// The system's.
        public let found: Timestamp
    }

    /// What the database keeps.
    struct State: Sendable, Equatable {
        /// The time that was last believed.
        var time: Int64
        /// The system's time when it was last doubted.
        var doubted: Int64?
        /// Milliseconds for which processes have run with that.
        var doubtedFor: Int64
    }

    private let state: Mutex<(kept: State, uptime: Int64)>

    /// What may lie between two looks at the system's clock, and what it takes to be believed.
    private static let day: Int64 = 86_400_000

    init(_ state: State) {
        self.state = Mutex((state, Self.uptime()))
    }

    /// The time by which things are old.
    /// - Parameter now: the system's.
    func time(_ now: Timestamp) -> Timestamp {
        state.withLock { state in
            let time = state.kept.time + max(0, Self.uptime() - state.uptime)
            return now.milliseconds - time > Self.day ? Timestamp(milliseconds: time) : now
        }
    }

    /// Why ``time(_:)`` is not `now`; nil where it is.
    func leap(_ now: Timestamp) -> Leap? {
        let time = time(now)
        return time == now ? nil : Leap(believed: time, found: now)
    }

    /// What is to be kept after a look at the system's clock.
    /// - Parameter uptime: milliseconds since some moment, without leaps.
    func look(_ now: Timestamp, uptime: Int64 = StoreClock.uptime()) -> State {
        state.withLock { state in
            let elapsed = max(0, uptime - state.uptime)
            state.uptime = max(state.uptime, uptime)
            var kept = state.kept
            let (wall, time) = (now.milliseconds, kept.time + elapsed)
            if abs(wall - time) <= Self.day {
                kept = State(time: max(kept.time, wall), doubted: nil, doubtedFor: 0)
            } else {
                // The store's time does not run on while the system's is behind: it is not known which of them is wrong.
                if wall > time { kept.time = time }
                let isTheSame = kept.doubted.map { abs(wall - $0 - elapsed) <= Self.day } ?? false
                kept.doubtedFor = isTheSame ? kept.doubtedFor + elapsed : 0
                kept.doubted = wall
                if kept.doubtedFor >= Self.day { kept = State(time: wall, doubted: nil, doubtedFor: 0) }
            }
            state.kept = kept
            return kept
        }
    }

    /// Believes the system's clock from now on.
    func accept(_ now: Timestamp) -> State {
        state.withLock { state in
            state = (State(time: now.milliseconds, doubted: nil, doubtedFor: 0), Self.uptime())
            return state.kept
        }
    }

    /// Milliseconds since the machine started.
    static func uptime() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
