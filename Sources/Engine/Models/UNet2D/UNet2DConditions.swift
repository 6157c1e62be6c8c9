/// How a network is told the timestep or noise level (`time_embedding_type`).
public enum TimeEmbeddingKind: Sendable, Equatable {
    /// Sines and cosines of whole timesteps.
    case positional
    /// A learned table of so many timesteps (`num_train_timesteps`).
    case learned(steps: Int)
    /// Random frequencies of the logarithm of a noise level, by which the output is divided at the end.
    case fourier
}

/// How a network is told a class, which is added to the time embedding (`class_embed_type` and `num_class_embeds`).
public enum ClassEmbeddingKind: Sendable, Equatable {
    /// A learned table of so many classes.
    case table(classes: Int)
    /// A number, embedded as a timestep is, by layers of its own.
    case timestep
    /// A vector as wide as the time embedding, as it is.
    case identity
}
