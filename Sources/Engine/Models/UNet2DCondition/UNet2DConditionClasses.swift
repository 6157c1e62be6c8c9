/// How a `UNet2DConditionModel` is told a class or another vector beside tokens (`class_embed_type` and `num_class_embeds`).
public enum UNet2DConditionClasses: Sendable, Equatable {
    /// A learned table of so many classes.
    case table(classes: Int)
    /// A number, embedded as a timestep is, by layers of its own.
    case timestep
    /// A vector as wide as the time embedding, as it is.
    case identity
    /// A vector of so many numbers, through two linear layers.
    case projection(channels: Int)
    /// A vector of so many numbers, through one linear layer.
    case simpleProjection(channels: Int)
}
