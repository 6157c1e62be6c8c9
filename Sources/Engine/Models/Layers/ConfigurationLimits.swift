/// Sizes beyond every published network by an order of magnitude, and small enough that no product of them overflows.
enum ConfigurationLimits {
    static let channels = 16384
    static let levels = 10
    static let layers = 64
    static let side = 16384
    static let timesteps = 100_000
    static let classes = 1_000_000
    static let codebookRows = 1 << 20
    /// Pixels × widest level²; times 18 per convolution and some hundred convolutions it stays within 64 bits.
    static let work = 1 << 46
    /// Positions that attend to each other.
    static let attentionPositions = 1 << 16
}
