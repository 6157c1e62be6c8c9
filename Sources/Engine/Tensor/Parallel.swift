import Dispatch

/// The engine's one door to worker threads: static division of work over a fixed number of threads.
///
/// Work is always divided the same way for the same number of threads, so results are repeatable to the last bit.
/// BLAS itself runs on one thread per call (``Matrix/useOneThreadPerCall()``): engine threads and BLAS threads never multiply.
public struct Parallel: Sendable {
    /// How many parts work is divided into; at least 1.
    public let threads: Int

    /// Divides work over `threads` threads (at least one).
    public init(threads: Int) {
        self.threads = max(1, threads)
    }

    /// Calls `body(part)` for every part in `0..<count`, on as many threads as there are; returns when all are done.
    @inline(__always)
    public func forEach(_ count: Int, _ body: (Int) -> Void) {
        if threads == 1 || count <= 1 {
            for part in 0..<count { body(part) }
            return
        }
        // Safe because `concurrentPerform` returns only after the last call: the closure never outlives this frame,
        // and callers hand disjoint parts of memory to different `part`s.
        nonisolated(unsafe) let body = body
        DispatchQueue.concurrentPerform(iterations: count) { body($0) }
    }

    /// Divides `0..<count` into one contiguous range per thread, none shorter than `grain` where that can be helped.
    @inline(__always)
    public func ranges(_ count: Int, grain: Int = 1, _ body: (Range<Int>) -> Void) {
        let parts = max(1, min(threads, count / max(1, grain)))
        forEach(parts) { part in
            body((count * part / parts)..<(count * (part + 1) / parts))
        }
    }
}
