import Foundation

/// The memory that requests may take all together: what they decode, parse, unpack or make, beyond a trifle.
///
/// It is taken in a fixed order, so that nobody waits for what somebody has who waits for him:
///
/// 1. ``measured(for:)``: who measures a model has a turn, one at a time.
/// 2. ``admitted(_:for:)``: before its work begins a request is let in, with what it holds from the first to the last: names, buffers, what
///    its body came to. It waits without a thread, for some seconds, then is told to come again.
/// 3. ``large(for:)``: one at a time holds a picture or archive entry of more than ``trifle`` bytes.
/// 4. ``work(_:for:_:)``: whoever is in takes what one piece of work needs, all at once, and gives it back when that is done. Its
///    thread waits, as few are in; holders of such a share wait for nothing.
package final class RequestMemory: Sendable {
    /// Bytes in all.
    package let limit: Int
    private let entries: MemoryPool
    private let pieces: MemoryPool
    private let largeOnes = MemoryPool(1)
    private let measurements = MemoryPool(1)
    /// Seconds that a request waits to be let in.
    private let patience: Double

    /// Bytes that nobody asks for: with all connections at once they are less than what a connection takes by itself.
    package static let trifle = 16 << 10
    /// What a request that is let in holds at least.
    package static let entry = 8 << 20
    /// The largest piece of an archive that is taken into memory whole.
    static let largestPiece = 64 << 20
    /// The least that lets every kind of request through.
    package static let least = 256 << 20
    /// How many are in at a time: each may have a thread that waits.
    package static let slots = 16

    /// - Parameters:
    ///   - limit: bytes.
    ///   - patience: seconds that a request waits to be let in.
    package init(limit: Int, patience: Double = 5) {
        self.limit = limit
        self.patience = patience
        // The large one is held beside the two halves' sum.
        let rest = max(0, limit - (limit >= Self.least ? Self.largestPiece : 0))
        entries = MemoryPool(rest / 3, slots: Self.slots)
        // More at a time would not be done sooner, and keep the threads that answer short requests waiting.
        pieces = MemoryPool(rest - rest / 3, slots: max(4, ProcessInfo.processInfo.activeProcessorCount))
    }

    /// Of a process that serves nobody.
    package static let unlimited = RequestMemory(limit: Int.max / 4)

    /// Lets a request in.
    ///
    /// - Throws: ``RequestMemoryError``.
    package func admitted(_ bytes: Int = entry, for what: String) async throws(RequestMemoryError) -> MemoryShare {
        try await entries.share(max(bytes, Self.entry), for: what, patience: patience)
    }

    /// Lets a request in that nobody waits behind, as on the command line.
    func entered(for what: String) throws(RequestMemoryError) -> MemoryShare { try entries.share(Self.entry, for: what) }

    /// The turn to measure how long a model takes.
    ///
    /// - Throws: ``RequestMemoryError/busy(_:)``.
    package func measured(for what: String) async throws(RequestMemoryError) -> MemoryShare {
        try await measurements.share(1, for: what, patience: patience)
    }

    /// The turn to hold something large.
    func large(for what: String) throws(RequestMemoryError) -> MemoryShare { try largeOnes.share(1, for: what) }

    /// Does a piece of work that takes at most `bytes` of memory, and waits for nothing else.
    ///
    /// - Throws: ``RequestMemoryError/tooLarge(_:bytes:limit:)``; what `body` throws.
    package func work<Result>(_ bytes: Int, for what: String, _ body: () throws -> Result) throws -> Result {
        let share = try pieces.share(bytes, for: what)
        return try withExtendedLifetime(share) { try body() }
    }

    /// How many wait to be let in.
    package var waitingCount: Int { entries.waitingCount }
    /// Whether nobody has any of it.
    package var isWhole: Bool { entries.free == entries.capacity && pieces.free == pieces.capacity }
    /// Bytes that one piece of work may take.
    package var largestWork: Int { pieces.capacity }
}
