/// Why a network cannot be without some of its layers. Texts are safe to show.
public enum DepthError: Error, Equatable, CustomStringConvertible {
    /// It is needed, or there is none of that name.
    case needed(String)
    /// The configuration has one number of layers for all blocks.
    case blocksDiffer
    /// Attention stands after every layer of a block or after none.
    case attentionsDiffer(block: String)

    /// What is wrong.
    public var description: String {
        switch self {
        case .needed(let name): "\(name.prefix(200)) cannot go as a whole: at least one channel of it must stay"
        case .blocksDiffer: "as many layers must go of every block: the configuration has one number, layers_per_block"
        case .attentionsDiffer(let block): "\(block) must keep the attention after each of its layers, or after none"
        }
    }
}
