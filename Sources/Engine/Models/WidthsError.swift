/// Why the configuration of a family cannot say the widths that a cut leaves. Texts are safe to show.
public enum WidthsError: Error, Equatable, CustomStringConvertible {
    /// Two neighbouring blocks would become equally wide, and diffusers has no shortcut between such blocks.
    case blocksBecomeEqual(block: Int, width: Int)
    /// diffusers would divide a norm's channels into another number of groups.
    case normGroupsChange
    /// A table would have to stand for a sinusoid of numbers that are not whole.
    case timesAreNotWhole
    /// There is no room for the sinusoid's frequencies where diffusers stores frequencies.
    case frequenciesDoNotFit(timeEmbedding: Int, block: Int)
    /// An entry of `attention_head_dim` would have to tell fewer heads of a transformer, and is the width of another attention's heads.
    case headsAreWidths(level: Int)

    /// Refuses neighbouring blocks that become equally wide where they were not.
    static func checkNeighbours(_ before: [Int], _ after: [Int]) throws(WidthsError) {
        for block in after.indices.dropFirst() where after[block] == after[block - 1] && before[block] != before[block - 1] {
            throw .blocksBecomeEqual(block: block, width: after[block])
        }
    }

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
        case .frequenciesDoNotFit(let width, let block):
            "the first block would be narrower, so that the sinusoid's \(block / 2) frequencies had to be stored, but a time embedding of "
                + "\(width) channels has no room for them: choose free widths"
        case .headsAreWidths(let level):
            "attention_head_dim[\(level)] is both how many heads a transformer has, which would be fewer, and how wide another attention's are: "
                + "choose free widths"
        }
    }
}
