/// What a walk over an objective's points keeps of the gradients g that it meets. A ``PruningMethod`` knows which it is ranked by.
///
/// The raw value is what it is called where a walk is saved.
enum GradientAccumulation: String, Sendable {
    /// Σ_t g_t, of the whole batch's loss.
    case sums = "gradients"
    /// Σ_t Σ_i g²_ti, of one sample's own slope each: the square of a batch's mean would be no Fisher diagonal.
    case squares
    /// Σ_t Σ_i (Σ a · ∂/∂a)² of one sample's own slope each, for every channel of every group over all that reads it.
    case gates

    /// Whether samples go through one at a time, so that each one's own gradients are met.
    var isPerSample: Bool { self != .sums }

    /// Floats that it takes: the gradients that backward adds to, and what is kept of them.
    func count(parameters: Int, channels: Int) -> Int {
        switch self {
        case .sums: parameters
        case .squares: 2 * parameters
        case .gates: parameters + channels
        }
    }
}
