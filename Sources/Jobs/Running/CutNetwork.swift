import Engine

/// What the cut leaves for its reconstruction: the network that is left, and what it is to be like.
struct CutNetwork {
    let result: DiffusionCheckpoint
    let original: TrainedModel
    /// For each of the original's channel groups, the channels that stayed.
    let kept: [[Int]]
}
