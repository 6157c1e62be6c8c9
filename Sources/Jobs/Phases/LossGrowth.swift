import Engine

/// Whether training has made the loss larger: the mean over its last steps against that over its first, and against its first step.
///
/// A step's loss is that of a few pictures at random timesteps and varies by more than an order of magnitude, so the means of many steps are
/// compared, and what their scatter explains is not told.
package struct LossGrowth {
    /// Steps at either end whose losses are averaged, of so many in all: a tenth, where that is enough to tell their scatter.
    package static func window(of steps: Int) -> Int { steps < 2 * fewest ? steps / 2 : min(most, max(fewest, steps / 10)) }

    private static let fewest = 8
    private static let most = 100
    /// Standard errors of the difference of both means that chance is taken to explain.
    private static let chance = 3.0
    /// A loss that has grown by less is not told.
    private static let least = 1.1
    /// A loss that has grown by as much has diverged.
    private static let far = 3.0
    /// A network that knows nothing has a loss of about 1: the targets have that variance. One of ten times as much has blown up, however
    /// few steps tell it.
    private static let hopeless = 10.0

    private let first: [Double]
    private let last: [Double]
    private let peak: Double

    /// - Parameters:
    ///   - first: the losses of the first steps.
    ///   - last: those of the last.
    ///   - peak: the highest of all that are known.
    package init(first: [Double], last: [Double], peak: Double = 0) { (self.first, self.last, self.peak) = (first, last, peak) }

    /// What there is to tell.
    package var warnings: [Warning] {
        guard let began = first.first, !last.isEmpty else { return [] }
        let (before, after) = (Self.mean(first), Self.mean(last))
        let scatter = (Self.squaredError(first) + Self.squaredError(last)).squareRoot()
        let isGrown = after > Self.least * before && after - before > Self.chance * scatter
        // One that blew up may have done so within the first steps, and may have come back to what a network has that knows nothing.
        let limit = Self.hopeless * max(1, began)
        let blewUp = after > limit || peak > limit && after > began
        let steps = last.count == 1 ? "step" : "\(last.count) steps"
        if !after.isFinite || blewUp || isGrown && after > Self.far * before {
            let highest = max(peak, first.max() ?? 0, last.max() ?? 0)
            let path = "\(Self.shown(began)) at the first step, \(Self.shown(highest)) at its highest"
            return [
                Warning(
                    .finetuningDiverged,
                    "fine-tuning diverged: its loss was \(path) and \(Self.shown(after)) over the last \(steps); try a smaller learning_rate, "
                        + "or warmup_steps")
            ]
        }
        let figures = "it was \(Self.shown(before)) over the first \(steps) and \(Self.shown(after)) over the last"
        guard isGrown else { return [] }
        return [Warning(.finetuningWorse, "the loss of fine-tuning grew: \(figures); try a smaller learning_rate")]
    }

    private static func mean(_ losses: [Double]) -> Double { losses.reduce(0, +) / Double(losses.count) }

    /// The square of the mean's standard error; infinite where a few losses cannot tell it.
    private static func squaredError(_ losses: [Double]) -> Double {
        guard losses.count >= fewest else { return .infinity }
        let mean = mean(losses)
        return losses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(losses.count * (losses.count - 1))
    }

    /// Four digits are enough to compare.
    static func shown(_ loss: Double) -> String {
        guard loss.isFinite, loss != 0, abs(loss) < 1e6, abs(loss) >= 1e-6 else { return "\(loss)" }
        var scale = 1.0
        while abs(loss) * scale < 1000 { scale *= 10 }
        return "\((loss * scale).rounded() / scale)"
    }
}
