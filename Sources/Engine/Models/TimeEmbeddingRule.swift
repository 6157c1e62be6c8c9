/// What becomes of a sinusoid of timesteps whose frequencies follow from the first block's width, where a configuration is to tell all widths
/// (``Widths/diffusers``).
public enum TimeEmbeddingRule: String, Sendable, CaseIterable {
    /// The first block is cut as others are, and a learned table gives what the sinusoid gave at each timestep. It takes whole timesteps only.
    case table
    /// The first block keeps its width, and blocks as wide as it theirs, so that the sinusoid stays.
    case sinusoid

    /// What there is to know of a network that has such a table, for whoever draws with it elsewhere.
    static let tableNote =
        "a learned table tells the timestep, whole timesteps only: the schedulers DDIM, DDPM, PNDM, DPM-Solver++ and UniPC run on it; Euler, Euler "
        + "ancestral, Heun, LMS and KDPM2 ask for fractions of timesteps, and diffusers raises an error"
}

extension Architecture {
    /// What there is to know of how it is told the timestep; nil where any scheduler will do.
    public var timestepNote: String? { isToldByTable ? TimeEmbeddingRule.tableNote : nil }

    /// The same as a warning; none where any scheduler will do.
    public var timestepWarnings: [Warning] { timestepNote.map { [Warning(.timestepTable, $0)] } ?? [] }

    /// What blocks' widths stay multiples of where the time embedding follows a rule.
    public func blockRules(_ rule: TimeEmbeddingRule) -> BlockRules {
        guard rule == .sinusoid, isSinusoidOfFirstBlock, let first = blockWidths?.first else { return blockRules }
        return blockRules.keeping(first)
    }
}
