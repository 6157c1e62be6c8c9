import Dispatch
import Synchronization

/// Hands chunks from the task that receives them to a thread that uses them, a few at a time on their way.
final class ChunkPipe: Sendable {
    private struct State {
        var chunks: [[UInt8]] = []
        /// Whether no more will come, or no more is wanted.
        var isClosed = false
    }

    private let state = Mutex(State())
    private let filled = DispatchSemaphore(value: 0)
    private let room = DispatchSemaphore(value: 0)

    /// - Parameter capacity: chunks on their way at a time.
    init(capacity: Int) {
        // Not as its initial value, which it would have to have again in the end.
        for _ in 0..<capacity { room.signal() }
    }

    /// Waits for room. Returns whether the chunk may still be wanted.
    func push(_ chunk: [UInt8]) -> Bool {
        room.wait()
        let isTaken = state.withLock { state in
            if !state.isClosed { state.chunks.append(chunk) }
            return !state.isClosed
        }
        filled.signal()
        return isTaken
    }

    /// Waits for a chunk; nil when all are taken and no more will come.
    func next() -> [UInt8]? {
        filled.wait()
        let chunk = state.withLock { $0.chunks.isEmpty ? nil : $0.chunks.removeFirst() }
        // The end is there for the next call too.
        if chunk == nil { filled.signal() }
        room.signal()
        return chunk
    }

    /// Lets no more in; from either side.
    func close() {
        state.withLock { $0.isClosed = true }
        filled.signal()
        room.signal()
    }
}
