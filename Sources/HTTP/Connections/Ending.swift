import Synchronization

/// Whether a server has begun to end. The one place where that stands: the server says so here before it tells anyone, and its connections
/// look here whenever it matters to them.
final class Ending: Sendable {
    private let begun = Atomic(false)

    // In one order with the words of ``ConnectionPhase``: a connection that falls silent sees that the server ends, or is seen silent.
    var hasBegun: Bool { begun.load(ordering: .sequentiallyConsistent) }

    func begin() { begun.store(true, ordering: .sequentiallyConsistent) }
}
