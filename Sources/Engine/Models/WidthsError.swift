/// Why the configuration of a family cannot say the widths that a cut leaves. Texts are safe to show.
public enum WidthsError: Error, Equatable, CustomStringConvertible {
    /// Two neighbouring blocks would become equally wide, and diffusers has no shortcut between such blocks.
    case blocksBecomeEqual(block: Int, width: Int)
    /// diffusers would divide a norm's channels into another number of groups.
    case normGroupsChange
    /// A table would have to stand for a sinusoid of numbers that are not whole.
    case timesAreNotWhole

    /// What is wrong.
    public var description: String {
        switch self {
        case .blocksBecomeEqual(let block, let width):
            "blocks \(block - 1) and \(block) would both have \(width) channels, and stock diffusers would drop the shortcut between them: "
                + "choose another ratio or free widths"
        case .normGroupsChange:
            "the norms of skip blocks have a quarter of their channels as groups, 32 at most, so blocks of fewer than 128 channels would be "
                + "divided otherwise than they were trained: choose another ratio or free widths"
        case .timesAreNotWhole:
            "the first block would be narrower, so that a table of timesteps had to replace the sinusoid, but the scheduler has noise levels "
                + "in place of whole timesteps: choose free widths"
        }
    }
}
