import Engine

/// What phases before the cut leave for it: the network, so that its weights are read once, and what its channels are ranked by.
struct ScoredNetwork {
    let checkpoint: DiffusionCheckpoint
    /// Of every channel of every group, not normalised; nil where nothing was scored.
    let importance: [[Double]]?
}
