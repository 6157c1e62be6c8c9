import Documents
import Engine

/// The metrics of scoring, besides the series of losses.
struct ScoringSummary {
    private let pruning: JobRequest.Pruning
    private let objective: JobObjective
    private var largest: Double?
    private var kept = 0
    private var choice: ThresholdChoice?

    /// - Parameter state: where scoring goes on; nil where it begins.
    init(_ pruning: JobRequest.Pruning, _ objective: JobObjective, from state: Engine.Scoring.State?) {
        (self.pruning, self.objective) = (pruning, objective)
        largest = state?.largestLoss
        kept = state?.kept ?? 0
    }

    /// Counts a point in.
    mutating func add(_ loss: Engine.Scoring.PointLoss) {
        largest = max(largest ?? loss.loss, loss.loss)
        kept += loss.isKept ? 1 : 0
    }

    /// Takes over the threshold that was to be chosen.
    mutating func choose(_ choice: ThresholdChoice) {
        self.choice = choice
        kept = choice.kept
    }

    /// The contract's `scoring` object without its losses.
    var json: JSON {
        let kept = objective.schedule == nil ? JSON.Member("kept_batches", .integer(kept)) : .init("kept_timesteps", .integer(kept))
        let json = JSON.object([
            .init("method", .string(pruning.method.rawValue)), .init("threshold", .optional(pruning.threshold ?? choice?.threshold)),
            .init("max_loss", .optional(largest)), kept,
        ])
        return pruning.threshold == nil ? json.adding([.init("threshold_choice", .optional(choice.map(Self.sentence)))]) : json
    }

    /// Why a threshold was chosen.
    private static func sentence(_ choice: ThresholdChoice) -> String {
        guard choice.kept < choice.points else {
            return "All \(choice.points) timesteps count: after none would the rest move importance between channels much more than "
                + "is due to its loss."
        }
        func percent(_ share: Double) -> String { "\((1000 * share).rounded() / 10) %" }
        return "The first \(choice.kept) of \(choice.points) timesteps have \(percent(choice.loss)) of the loss. The rest makes "
            + "\(percent(choice.moved)) of what moves importance between channels, where \(percent(choice.due)) is due to its loss."
    }

    /// The contract's entry of one timestep, or of one batch of pictures.
    func point(_ loss: Engine.Scoring.PointLoss) -> JSON {
        JSON.object([.init(objective.point, .integer(loss.point))]).adding([
            .init("loss", .double(loss.loss)), .init("relative", .double(loss.relative)), .init("kept", .bool(loss.isKept)),
        ])
    }
}
