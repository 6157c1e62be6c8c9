/// What can be wrong with a pruning request for a given model.
public enum PruningError: Error, Equatable, CustomStringConvertible {
    /// The ratio is too small for every group; the least hundredth that is not, if any.
    case nothingToRemove(ratio: Double, least: Double?)
    /// One width per block was asked for, and no ratio makes any block narrower.
    case noBlockWidths
    /// An attention's inner width would hold no whole head.
    case noHeadLeft(group: String, headWidth: Int, blockWidth: Int)
    /// The loss was not a finite number at a point of scoring.
    case lossNotFinite(at: String)
    /// What else is asked for takes a cut that raises the held-out loss by more than it may rise, as shares of the original's.
    case lossRises(most: Double, nearest: Double?)

    /// What is wrong, safe to show.
    public var description: String {
        switch self {
        case .nothingToRemove(let ratio, let least):
            "a ratio of \(ratio) removes no channel of this model, as every norm group loses the same number; "
                + (least.map { "\($0) is the least that does" } ?? "nor does any other")
        case .noBlockWidths:
            "a plain config cannot tell narrower blocks of this model, each of which loses a channel of every norm group and goes on differing "
                + "from its neighbour: \"free\" widths can"
        case .noHeadLeft(let group, let headWidth, let blockWidth):
            "\(group): a block of \(blockWidth) channels holds no attention head of \(headWidth), lower the ratio or use free widths"
        case .lossNotFinite(let point): "the loss at \(point) is not a finite number"
        case .lossRises(let most, let nearest):
            "a loss_increase of \(most) cannot be met beside the target's other limits: the nearest that can be had is "
                + (nearest.map { "\(($0 * 1e4).rounded(.up) / 1e4)" } ?? "a loss that is not a finite number")
        }
    }
}
