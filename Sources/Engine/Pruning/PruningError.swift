/// What can be wrong with a pruning request for a given model.
public enum PruningError: Error, Equatable, CustomStringConvertible {
    /// The ratio is too small for every group.
    case nothingToRemove(ratio: Double)
    /// One width per block was asked for, and no width of the network is a block's.
    case noBlockWidths
    /// An attention's inner width would hold no whole head.
    case noHeadLeft(group: String, headWidth: Int, blockWidth: Int)
    /// The loss was not a finite number at a point of scoring.
    case lossNotFinite(at: String)

    /// What is wrong, safe to show.
    public var description: String {
        switch self {
        case .nothingToRemove(let ratio):
            "a ratio of \(ratio) removes no channel of this model: every group loses whole norm groups' shares, raise the ratio"
        case .noBlockWidths: "\"free\" widths are needed: no width of this model is a block's"
        case .noHeadLeft(let group, let headWidth, let blockWidth):
            "\(group): a block of \(blockWidth) channels holds no attention head of \(headWidth), lower the ratio or use free widths"
        case .lossNotFinite(let point): "the loss at \(point) is not a finite number"
        }
    }
}
