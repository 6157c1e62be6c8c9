/// How channels are ranked.
public enum PruningMethod: String, Sendable, CaseIterable, Codable {
    /// Σ |θ · Σ_t g_t| over the timesteps whose relative loss exceeds the threshold (Diff-Pruning, arXiv 2305.10924, equation 9).
    case diffPruning = "diff-pruning"
    /// |Σ θ · Σ_t g_t| per member over all timesteps (first-order Taylor, arXiv 1611.06440).
    case taylor
    /// ½ Σ θ² · E[g²], g the gradient of one sample's own loss at one timestep (arXiv 1801.05787).
    case fisher
    /// The same with g the gradient of ⟨v, output⟩ for random signs v: no residual and no targets.
    case gaussNewton = "gauss-newton"
    /// ½ E[(Σ a · ∂L/∂a)²] over each coupled consumer's input channel (arXiv 2108.00708).
    case groupFisher = "group-fisher"
    /// Σ θ².
    case magnitude
    /// Uniform numbers.
    case random
    /// Diff-Pruning's structure with fresh weights: the baseline without inheritance.
    case scratch

    /// What a walk over timesteps keeps of the gradients for it; nil where it ranks without them.
    var accumulation: GradientAccumulation? {
        switch self {
        case .diffPruning, .taylor, .scratch: .sums
        case .fisher, .gaussNewton: .squares
        case .groupFisher: .gates
        case .magnitude, .random: nil
        }
    }

    /// Whether ranking needs gradients, and so a dataset.
    public var needsGradients: Bool { accumulation != nil }

    /// Whether what it says of a layer's channels can be added up and compared with other layers': the loss's own change.
    public var tellsLayersApart: Bool { needsGradients && self != .scratch }

    /// Whether samples go through the network one by one, because each one's own gradients count.
    public var goesSampleBySample: Bool { accumulation?.isPerSample ?? false }

    /// Whether gradients are those of ⟨v, output⟩ for random signs v, in place of the loss's.
    var drawsSigns: Bool { self == .gaussNewton }

    /// Whether a small loss can end the walk.
    public var heedsThreshold: Bool { needsGradients && self != .taylor }

    /// The threshold where none is given; 0 ends no walk.
    public var defaultThreshold: Double {
        switch self {
        case .fisher, .gaussNewton, .groupFisher: 0
        case .diffPruning, .taylor, .magnitude, .random, .scratch: 0.05
        }
    }
}
