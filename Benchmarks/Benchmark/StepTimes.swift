import Foundation

/// The best of some steps after a warm-up.
struct StepTimes {
    /// Seconds on the clock.
    private(set) var best = Double.infinity
    /// Seconds of processor time, all threads together: steadier beside other load.
    private(set) var bestProcessor = Double.infinity

    /// - Parameter body: runs `warmups + steps` steps and calls its argument after each.
    init(warmups: Int, steps: Int, _ body: (() -> Void) throws -> Void) rethrows {
        var (best, bestProcessor) = (Double.infinity, Double.infinity)
        var done = 0
        var start = DispatchTime.now().uptimeNanoseconds
        var processorStart = clock()
        try body {
            let (now, processor) = (DispatchTime.now().uptimeNanoseconds, clock())
            if done >= warmups {
                best = min(best, Double(now - start) / 1e9)
                bestProcessor = min(bestProcessor, Double(processor - processorStart) / Double(CLOCKS_PER_SEC))
            }
            done += 1
            (start, processorStart) = (now, processor)
        }
        (self.best, self.bestProcessor) = (best, bestProcessor)
    }
}
