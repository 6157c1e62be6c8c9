/// The engine's one door to worker threads: division of work over a fixed number of threads.
///
/// Work is always divided the same way for the same number of threads, whichever thread does a part, so results are repeatable to the
/// last bit.
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
        forEach(count) { part, _ in body(part) }
    }

    /// Calls `body(part, worker)` for every part in `0..<count`, whichever thread is free taking the next. No two calls at a time have
    /// the same worker, below ``threads``: it says which working memory is free.
    @inline(__always)
    public func forEach(_ count: Int, _ body: (Int, Int) -> Void) {
        if threads == 1 || count <= 1 {
            for part in 0..<count { body(part, 0) }
            return
        }
        Team.forEach(count, threads: threads, body)
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
