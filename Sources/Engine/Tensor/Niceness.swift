import Foundation
import Synchronization

/// How far threads that compute step back behind those that answer requests and behind other programs, as `nice` counts it: 0 not at all, 19
/// the most.
public enum Niceness {
    /// What it may be.
    public static let range = 0...19
    /// What it is unless something else is asked for.
    public static let usual = 10

    private static let chosen = Atomic<Int>(usual)

    /// Chooses it for the whole process. To be called before any thread computes, as Linux lets none step forward again.
    public static func choose(_ niceness: Int) { chosen.store(niceness, ordering: .relaxed) }

    /// Gives it to the calling thread alone, as Linux takes it.
    public static func takeOn() {
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Int32(chosen.load(ordering: .relaxed)))
    }
}
