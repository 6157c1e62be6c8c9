/// Why the configuration of a family cannot say the widths that a cut leaves. Texts are safe to show.
public enum WidthsError: Error, Equatable, CustomStringConvertible {
    /// Two neighbouring blocks would become equally wide, and diffusers has no shortcut between such blocks.
    case blocksBecomeEqual(block: Int, width: Int)

    /// What is wrong.
    public var description: String {
        switch self {
        case .blocksBecomeEqual(let block, let width):
            "blocks \(block - 1) and \(block) would both have \(width) channels, and stock diffusers would drop the shortcut between them: "
                + "choose another ratio or free widths"
        }
    }
}
