import Engine

/// What scoring leaves for the cut: the network that was scored, so that its weights are read once, and what they are ranked by.
struct ScoredNetwork {
    let checkpoint: DiffusionCheckpoint
    /// Σ_t dL_t/dθ over the timesteps that count.
    let gradients: Weights
}
