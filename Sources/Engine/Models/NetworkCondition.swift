/// What a network is told beside a sample and a timestep.
public enum NetworkCondition: Sendable, Equatable {
    /// The number of a class at the input `class_labels`: one of so many that the network knows, or any where that is nil.
    case classNumber(known: Int?)
    /// Vectors at the input `encoder_hidden_states`, so many numbers each: a text's, a class's, or others.
    case tokens(width: Int)

    /// The class that says nothing, where there are so many others: a network that knows one more than there are was shown it instead of them.
    public func emptyClass(among classes: Int) -> Int? {
        switch self {
        case .classNumber(let known): known == classes + 1 ? classes : nil
        case .tokens: nil
        }
    }
}
