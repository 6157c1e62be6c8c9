/// What ends a training run early.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
    /// The loss was not a finite number.
    case lossNotFinite(step: Int)

    /// What is wrong, safe to show.
    public var description: String {
        switch self {
        case .lossNotFinite(let step): "the loss at step \(step) is not a finite number; a lower learning rate may help"
        }
    }
}
