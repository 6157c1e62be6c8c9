import Engine

/// What scoring leaves for the cut: the network that was scored, so that its weights are read once, and what they are ranked by.
struct ScoredNetwork {
    let checkpoint: DiffusionCheckpoint
    /// Of every channel of every group, not normalised.
    let importance: [[Double]]
}
