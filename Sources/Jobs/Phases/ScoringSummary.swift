import Documents
import Engine

/// The metrics of scoring, besides the series of losses.
struct ScoringSummary {
    private let pruning: JobRequest.Pruning
    private var largest: Double?
    private var kept = 0

    /// - Parameter state: where scoring goes on; nil where it begins.
    init(_ pruning: JobRequest.Pruning, from state: Engine.Scoring.State?) {
        self.pruning = pruning
        largest = state?.largestLoss
        kept = state?.kept ?? 0
    }

    /// Counts a timestep in.
    mutating func add(_ loss: Engine.Scoring.PointLoss) {
        largest = max(largest ?? loss.loss, loss.loss)
        kept += loss.isKept ? 1 : 0
    }

    /// The contract's `scoring` object without its losses.
    var json: JSON {
        [
            "method": .string(pruning.method.rawValue), "threshold": .double(pruning.threshold), "max_loss": .optional(largest),
            "kept_timesteps": .integer(kept),
        ]
    }

    /// The contract's entry of one timestep.
    static func point(_ loss: Engine.Scoring.PointLoss) -> JSON {
        [
            "timestep": .integer(loss.point), "loss": .double(loss.loss), "relative": .double(loss.relative), "kept": .bool(loss.isKept),
        ]
    }
}
